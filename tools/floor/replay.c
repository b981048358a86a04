// Does again what record.c kept of a program, and nothing else, and prints the milliseconds that it took: the limit for a program that
// asks the kernel for just these objects.
//
//   replay [--threads N] [--runs N] [--then COMMAND] RECORD            all of it
//   replay [--threads N] [--runs N] --tables RECORD [BEFORE]           the transactions of nf_tables alone, without those of BEFORE
//
// Namespaces are made, given their settings and pinned first; then links and what is on them are made, in the order of the record as far
// as one depends on another, and rules beside them. Namespaces that the program threw away again are left out. Pins and links to files
// are in this process' own mounts, so nothing is left behind. COMMAND is run behind each run while all is still there, and sees the pins
// where ip(8) looks for them.
#include "floor.h"
#include "clearing.h"
#include "record.h"
#include <stdatomic.h>
#include <sys/mman.h>

struct item {
    struct step *step;
    struct hole *holes;
    char *bytes;
    // How many requests ask to be acknowledged.
    int acknowledgements;
    // For what is done in order: the places of those that come first.
    int *after, after_count;
    _Bool is_timed;
};

struct list {
    struct item **items;
    int count;
};

struct space {
    uint32_t number;
    const char *name;
    // Before it is pinned; its transactions.
    struct list first, tables;
    // What is done once all namespaces are there and is to be waited for.
    int last;
    _Bool is_entered;
    int file, route, rules, next_table;
};

static struct space *spaces;
static int space_count;
// What is done once all namespaces are there, and in which namespaces.
static struct list later;
static struct space **later_spaces;
static atomic_bool *is_done;
static atomic_int next_space, next_later, next_tables;
static pthread_barrier_t all_made;
static int width = 1;
static _Bool are_tables_only, are_timed;

static void add(struct list *list, struct item *item) {
    if ((list->count & (list->count - 1)) == 0) {
        list->items = realloc(list->items, (list->count ? 2 * list->count : 1) * sizeof *list->items);
        if (!list->items) fail("memory");
    }
    list->items[list->count++] = item;
}

// MARK: Reading

static void load(const char *path, struct list *all, _Bool is_timed) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) fail(path);
    if (status.st_size == 0) errno = ENODATA, fail(path);
    char *bytes = mmap(0, status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) fail(path);
    close(file);
    for (char *end = bytes + status.st_size; bytes < end;) {
        struct item *item = calloc(1, sizeof *item);
        // A step need not begin where a number may stand.
        item->step = malloc(sizeof *item->step);
        memcpy(item->step, bytes, sizeof *item->step);
        bytes += sizeof *item->step;
        item->holes = calloc(item->step->holes + 1, sizeof *item->holes);
        memcpy(item->holes, bytes, item->step->holes * sizeof *item->holes);
        bytes += item->step->holes * sizeof *item->holes;
        item->bytes = malloc(item->step->length + 1);
        memcpy(item->bytes, bytes, item->step->length);
        bytes += item->step->length;
        item->is_timed = is_timed;
        if (item->step->kind == step_route || item->step->kind == step_tables) {
            int rest = item->step->length;
            for (struct nlmsghdr *each = (void *)item->bytes; NLMSG_OK(each, rest); each = NLMSG_NEXT(each, rest))
                item->acknowledgements += (each->nlmsg_flags & NLM_F_ACK) != 0;
        }
        add(all, item);
    }
}

// The namespace that last had this number.
static struct space *find(uint32_t number) {
    for (int index = space_count - 1; index >= 0; index--)
        if (spaces[index].number == number) return &spaces[index];
    return 0;
}

static struct space *begin(uint32_t number) {
    spaces[space_count] = (struct space){.number = number, .last = -1, .file = -1, .route = -1, .rules = -1};
    return &spaces[space_count++];
}

static void do_later(struct item *item, struct space *space) {
    int place = later.count;
    item->after = calloc(item->step->holes + 1, sizeof *item->after);
    if (space->last >= 0) item->after[item->after_count++] = space->last;
    space->last = place;
    for (uint32_t hole = 0; hole < item->step->holes; hole++) {
        struct space *other = find(item->holes[hole].space);
        if (!other) errno = EINVAL, fail("a descriptor of a namespace that the record does not have");
        // From here on its number is its place, and not the kernel's.
        item->holes[hole].space = other - spaces;
        other->is_entered = 1;
        if (other->last >= 0) item->after[item->after_count++] = other->last;
        other->last = place;
    }
    later_spaces[place] = space;
    add(&later, item);
}

// Divides the steps among the namespaces. A namespace that got no pin was thrown away.
static void sort_out(const struct list *all) {
    static struct space files = {.last = -1};
    spaces = calloc(all->count + 1, sizeof *spaces);
    later_spaces = calloc(all->count + 1, sizeof *later_spaces);
    for (int index = 0; index < all->count; index++) {
        struct item *item = all->items[index];
        uint32_t kind = item->step->kind, number = item->step->space;
        if (kind == step_made) {
            begin(number);
        } else if (kind == step_link || kind == step_folder) {
            if (!are_tables_only) do_later(item, &files);
        } else {
            struct space *space = find(number);
            if (!space && are_tables_only) space = begin(number);
            if (!space) errno = EINVAL, fail("a namespace that the record does not make");
            if (kind == step_tables) {
                add(&space->tables, item);
            } else if (kind == step_pin) {
                space->name = item->bytes;
            } else if (!space->name) {
                if (item->step->holes) errno = EINVAL, fail("a link between namespaces before they are there");
                add(&space->first, item);
            } else if (!are_tables_only) {
                space->is_entered |= kind == step_setting;
                do_later(item, space);
            }
        }
    }
    is_done = calloc(later.count + 1, sizeof *is_done);
}

static _Bool is_wanted(const struct space *space) {
    return are_tables_only ? space->tables.count > 0 : space->name != 0;
}

// MARK: Doing

static void set(const char *path, const char *value, size_t length) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, value, length) != (ssize_t)length) fail(path);
    close(file);
}

static void do_item(struct item *item, struct space *space) {
    size_t length = item->step->length;
    const char *second = item->bytes + strlen(item->bytes) + 1;
    char path[8192];
    switch (item->step->kind) {
    case step_route:
        for (uint32_t hole = 0; hole < item->step->holes; hole++)
            memcpy(item->bytes + item->holes[hole].offset, &spaces[item->holes[hole].space].file, sizeof(int));
        if (send(space->route, item->bytes, length, 0) < 0) fail("send");
        read_answers(space->route, item->acknowledgements);
        break;
    case step_tables: {
        // More than a socket takes by itself.
        int room = length + 64;
        if (room > 200 << 10) setsockopt(space->rules, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
        if (send(space->rules, item->bytes, length, 0) < 0) fail("send");
        read_answers(space->rules, item->acknowledgements);
        break;
    }
    case step_setting: set(item->bytes, second, item->bytes + length - second); break;
    case step_folder:
        snprintf(path, sizeof path, "/run%s", item->bytes);
        if (mkdir(path, 0755) != 0 && errno != EEXIST) fail(path);
        break;
    case step_link:
        snprintf(path, sizeof path, "/run%s", second);
        if (symlink(item->bytes, path) != 0) fail(path);
        break;
    }
}

static void make(struct space *space) {
    if (unshare(CLONE_NEWNET) != 0) fail("unshare");
    if (!are_tables_only) {
        space->route = netlink_socket(NETLINK_ROUTE);
        for (int index = 0; index < space->first.count; index++) do_item(space->first.items[index], space);
        pin(space->name);
        if (space->is_entered) space->file = own_space();
    }
    if (space->tables.count) space->rules = netlink_socket(NETLINK_NETFILTER);
    space->next_table = 0;
}

static void make_spaces(void) {
    for (int index; (index = next_space++) < space_count;)
        if (is_wanted(&spaces[index])) make(&spaces[index]);
}

// Steps are taken in the record's order, so those that come first have been begun.
static void make_links(void) {
    for (int index; (index = next_later++) < later.count;) {
        struct item *item = later.items[index];
        for (int before = 0; before < item->after_count; before++)
            while (!is_done[item->after[before]]) sched_yield();
        struct space *space = later_spaces[index];
        if (item->step->kind == step_setting && setns(space->file, CLONE_NEWNET) != 0) fail("setns");
        do_item(item, space);
        is_done[index] = 1;
    }
}

static void make_tables(void) {
    for (int index; (index = next_tables++) < space_count;) {
        struct space *space = &spaces[index];
        for (; is_wanted(space) && space->next_table < space->tables.count; space->next_table++) {
            if (are_timed < space->tables.items[space->next_table]->is_timed) break;
            do_item(space->tables.items[space->next_table], space);
        }
    }
}

static void *work(void *number) {
    make_spaces();
    pthread_barrier_wait(&all_made);
    if ((long)number % 2) {
        make_tables();
        make_links();
    } else {
        make_links();
        make_tables();
    }
    return 0;
}

static void *work_on_spaces(void *unused) {
    make_spaces();
    return unused;
}

static void *work_on_tables(void *unused) {
    make_tables();
    return unused;
}

static void let_go(void) {
    for (int index = 0; index < space_count; index++) {
        struct space *space = &spaces[index];
        if (space->route >= 0) close(space->route);
        if (space->rules >= 0) close(space->rules);
        if (space->file >= 0) close(space->file);
        space->route = space->rules = space->file = -1;
    }
    if (!are_tables_only) drop_pins();
}

static double run(void) {
    next_space = next_later = next_tables = 0;
    memset(is_done, 0, later.count * sizeof *is_done);
    if (are_tables_only) {
        in_parallel(width, work_on_spaces);
        are_timed = 0;
        in_parallel(width, work_on_tables);
        next_tables = 0;
    } else {
        own_pins();
        if (mkdir("/run/etc", 0755) != 0 || mkdir("/run/etc/netns", 0755) != 0) fail("/run/etc");
    }
    are_timed = 1;
    double from = milliseconds();
    in_parallel(width, are_tables_only ? work_on_tables : work);
    return milliseconds() - from;
}

int main(int argc, char **argv) {
    int runs = 1, word = 1;
    const char *then = 0;
    for (; word < argc && strncmp(argv[word], "--", 2) == 0; word++) {
        if (strcmp(argv[word], "--tables") == 0) {
            are_tables_only = 1;
        } else if (word + 1 < argc && strcmp(argv[word], "--threads") == 0) {
            width = atoi(argv[++word]);
        } else if (word + 1 < argc && strcmp(argv[word], "--runs") == 0) {
            runs = atoi(argv[++word]);
        } else if (word + 1 < argc && strcmp(argv[word], "--then") == 0) {
            then = argv[++word];
        } else {
            break;
        }
    }
    if (word >= argc || width < 1 || width > most_threads)
        return fprintf(stderr, "usage: replay [--threads N] [--runs N] [--then COMMAND] [--tables] RECORD [BEFORE]\n"), 2;
    struct list all = {0};
    if (are_tables_only && word + 1 < argc) load(argv[word + 1], &all, 0);
    load(argv[word], &all, 1);
    sort_out(&all);
    raise_limit();
    if (!are_tables_only) own_mounts();
    pthread_barrier_init(&all_made, 0, width);
    for (int index = 0; index < runs; index++) {
        if (runs > 1) wait_until_cleared();
        printf("%.2f\n", run());
        fflush(stdout);
        if (then && system(then) != 0) return 1;
        let_go();
    }
    return 0;
}
