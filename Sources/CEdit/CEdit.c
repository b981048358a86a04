#include "CEdit.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

static struct {
    __typeof__(el_init) *init;
    __typeof__(el_set) *set;
    __typeof__(el_get) *get;
    __typeof__(el_gets) *gets;
    __typeof__(el_line) *line;
    __typeof__(el_insertstr) *insertstr;
    __typeof__(el_deletestr) *deletestr;
    __typeof__(el_cursor) *cursor;
    __typeof__(history_init) *history_init;
    __typeof__(history) *history;
} library;

static History *lines;

int nslab_edit_load(void) {
    if (library.history) return 0;
    void *handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!handle) handle = dlopen("libedit.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return -1;
    library.init = (__typeof__(library.init))dlsym(handle, "el_init");
    library.set = (__typeof__(library.set))dlsym(handle, "el_set");
    library.get = (__typeof__(library.get))dlsym(handle, "el_get");
    library.gets = (__typeof__(library.gets))dlsym(handle, "el_gets");
    library.line = (__typeof__(library.line))dlsym(handle, "el_line");
    library.insertstr = (__typeof__(library.insertstr))dlsym(handle, "el_insertstr");
    library.deletestr = (__typeof__(library.deletestr))dlsym(handle, "el_deletestr");
    library.cursor = (__typeof__(library.cursor))dlsym(handle, "el_cursor");
    library.history_init = (__typeof__(library.history_init))dlsym(handle, "history_init");
    if (!library.init || !library.set || !library.get || !library.gets || !library.line || !library.insertstr ||
        !library.deletestr || !library.cursor || !library.history_init)
        return -1;
    library.history = (__typeof__(library.history))dlsym(handle, "history");
    return library.history ? 0 : -1;
}

EditLine *nslab_edit_open(const char *program) {
    EditLine *editor = library.init(program, stdin, stdout, stderr);
    if (!editor) return NULL;
    HistEvent event;
    lines = library.history_init();
    if (lines) {
        library.history(lines, &event, H_SETSIZE, 1000);
        library.history(lines, &event, H_SETUNIQUE, 1);
        library.set(editor, EL_HIST, library.history, lines);
    }
    library.set(editor, EL_EDITOR, "emacs");
    return editor;
}

void nslab_edit_set_prompt(EditLine *editor, char *(*prompt)(EditLine *)) { library.set(editor, EL_PROMPT, prompt); }

void nslab_edit_set_context(EditLine *editor, void *context) { library.set(editor, EL_CLIENTDATA, context); }

void *nslab_edit_context(EditLine *editor) {
    void *context = NULL;
    library.get(editor, EL_CLIENTDATA, &context);
    return context;
}

void nslab_edit_add(EditLine *editor, const char *name, const char *help, nslab_edit_function function) {
    library.set(editor, EL_ADDFN, name, help, function);
}

void nslab_edit_bind(EditLine *editor, const char *key, const char *name) {
    library.set(editor, EL_BIND, key, name, NULL);
}

void nslab_edit_take_signals(EditLine *editor) { library.set(editor, EL_SETTY, "-d", "-isig", NULL); }

void nslab_edit_set_columns(EditLine *editor, const char *columns) {
    library.set(editor, EL_SETTC, "co", columns, NULL);
}

const char *nslab_edit_read(EditLine *editor, int *count) {
    // Before the prompt, which libedit writes first: what is typed meanwhile is the editor's, Ctrl-C too.
    library.set(editor, EL_PREP_TERM, 1);
    return library.gets(editor, count);
}

const LineInfo *nslab_edit_line(EditLine *editor) { return library.line(editor); }

int nslab_edit_insert(EditLine *editor, const char *text) { return library.insertstr(editor, text); }

void nslab_edit_delete_before_cursor(EditLine *editor, int count) { library.deletestr(editor, count); }

int nslab_edit_move(EditLine *editor, int count) { return library.cursor(editor, count); }

void nslab_edit_remember(const char *line) {
    HistEvent event;
    if (lines) library.history(lines, &event, H_ENTER, line);
}
