// libedit (editline(3)), loaded when a line is first edited: the commands that edit none start without it. Its functions that
// take any number of arguments, which Swift cannot call, have a name here for each use. No logic here.
#ifndef NSLAB_CEDIT_H
#define NSLAB_CEDIT_H

#include <histedit.h>

typedef unsigned char (*nslab_edit_function)(EditLine *, int);

/// Loads the library. Returns 0, or -1 where there is none.
int nslab_edit_load(void);
/// An editor on the standard streams with a history; NULL for want of memory or of a terminal.
EditLine *nslab_edit_open(const char *program);
void nslab_edit_set_prompt(EditLine *editor, char *(*prompt)(EditLine *));
void nslab_edit_set_context(EditLine *editor, void *context);
void *nslab_edit_context(EditLine *editor);
void nslab_edit_add(EditLine *editor, const char *name, const char *help, nslab_edit_function function);
void nslab_edit_bind(EditLine *editor, const char *key, const char *name);
/// Leaves the keys that send signals to the editor while a line is edited.
void nslab_edit_take_signals(EditLine *editor);
/// How many columns the terminal has.
void nslab_edit_set_columns(EditLine *editor, const char *columns);
const char *nslab_edit_read(EditLine *editor, int *count);
const LineInfo *nslab_edit_line(EditLine *editor);
int nslab_edit_insert(EditLine *editor, const char *text);
void nslab_edit_delete_before_cursor(EditLine *editor, int count);
int nslab_edit_move(EditLine *editor, int count);
void nslab_edit_remember(const char *line);

#endif
