// Runs commands in turn, so that whatever slows the machine down slows all of them, each once the kernel has cleared the namespaces that
// were let go before. It prints for each run a line: its name, its milliseconds, and the most memory of the command's process, in MB.
//
//   turns RUNS FILE
//
// A line of FILE has between tabs a name; what is done before, as a shell's words; `took`, for the time from the start to the end of the
// command, or `said`, for the number that it prints; and the command, whose words spaces divide. Of a name that ends in `/N` an Nth is
// told. A first round is not told.
#include "floor.h"
#include "clearing.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

enum { most_lines = 256, most_words = 64 };

struct command {
    char *name, *before, *line;
    _Bool is_said;
    int parts;
    char *words[most_words];
};

static struct command commands[most_lines];
static int count;

static void read_commands(const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) fail(path);
    char *line = 0;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        char *rest = strdup(line), *name = strsep(&rest, "\t"), *before = strsep(&rest, "\t"), *kind = strsep(&rest, "\t");
        if (!rest || count == most_lines) errno = EINVAL, fail(path);
        struct command *command = &commands[count++];
        rest[strcspn(rest, "\n")] = 0;
        *command = (struct command){.name = name, .before = before, .line = strdup(rest), .parts = 1};
        command->is_said = strcmp(kind, "said") == 0;
        char *parts = strchr(name, '/');
        if (parts) command->parts = atoi(parts + 1), *parts = 0;
        int words = 0;
        for (char *word; (word = strsep(&rest, " "));)
            if (*word && words + 1 < most_words) command->words[words++] = word;
    }
    free(line);
    fclose(file);
}

static void run(struct command *command, _Bool is_told) {
    if (*command->before && system(command->before) != 0)
        fprintf(stderr, "turns: before %s: not done: %s\n", command->name, command->before), exit(1);
    wait_until_cleared();
    char said[128] = "";
    int ends[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (command->is_said) {
        if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    } else {
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    }
    pid_t child;
    int status;
    struct rusage usage;
    double from = milliseconds();
    if ((errno = posix_spawnp(&child, command->words[0], &actions, 0, command->words, environ)) != 0)
        fail(command->words[0]);
    if (wait4(child, &status, 0, &usage) != child) fail("wait4");
    double took = milliseconds() - from;
    if (status != 0) {
        fprintf(stderr, "turns: %s failed: %s\n", command->name, command->line);
        exit(1);
    }
    if (command->is_said) {
        close(ends[1]);
        if (read(ends[0], said, sizeof said - 1) <= 0) fail(command->name);
        close(ends[0]);
        took = atof(said);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (!is_told) return;
    printf("%s\t%.3f\t%.1f\n", command->name, took / command->parts, usage.ru_maxrss / 1024.0);
    fflush(stdout);
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: turns RUNS FILE\n"), 2;
    read_commands(argv[2]);
    for (int round = 0; round <= atoi(argv[1]); round++)
        for (int index = 0; index < count; index++) run(&commands[index], round > 0);
    return 0;
}
