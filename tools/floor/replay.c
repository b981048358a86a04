// The floor for installing rule sets: sends the transactions that record.c kept to as many new network namespaces, as many at once
// as there are processors, and prints the milliseconds from the first byte to the last answer.
//
//   replay RUNS BEFORE FILE...    what a file of the same name in the folder BEFORE has is not timed: a file begins with it
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct work {
    char *bytes;
    size_t length, untimed, offset;
    int space;
};

static struct work *all;
static int count;
static atomic_int next;
static _Bool is_timed;

static void fail(const char *what) {
    fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void answers(int descriptor) {
    char reply[1 << 16];
    ssize_t got;
    while ((got = recv(descriptor, reply, sizeof reply, MSG_DONTWAIT)) > 0)
        for (struct nlmsghdr *message = (void *)reply; NLMSG_OK(message, got); message = NLMSG_NEXT(message, got)) {
            struct nlmsgerr *error = NLMSG_DATA(message);
            if (message->nlmsg_type == NLMSG_ERROR && error->error) {
                errno = -error->error;
                fail("the kernel refuses");
            }
        }
}

static void *install(void *unused) {
    for (int index; (index = next++) < count;) {
        struct work *work = &all[index];
        if (setns(work->space, CLONE_NEWNET) != 0) fail("setns");
        int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
        if (descriptor < 0) fail("socket");
        for (size_t end = is_timed ? work->length : work->untimed; work->offset < end;) {
            size_t length;
            memcpy(&length, work->bytes + work->offset, sizeof length);
            work->offset += sizeof length;
            int room = length + 64;
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
            if (send(descriptor, work->bytes + work->offset, length, 0) < 0) fail("send");
            answers(descriptor);
            work->offset += length;
        }
        close(descriptor);
    }
    return unused;
}

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void install_all(void) {
    pthread_t threads[64];
    long width = sysconf(_SC_NPROCESSORS_ONLN);
    if (width > count) width = count;
    if (width > 64) width = 64;
    next = 0;
    for (long index = 0; index < width; index++) pthread_create(&threads[index], 0, install, 0);
    for (long index = 0; index < width; index++) pthread_join(threads[index], 0);
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: replay RUNS BEFORE FILE...\n"), 2;
    count = argc - 3;
    all = calloc(count, sizeof *all);
    for (int index = 0; index < count; index++) {
        struct stat status;
        int file = open(argv[index + 3], O_RDONLY);
        if (file < 0 || fstat(file, &status) != 0) fail(argv[index + 3]);
        all[index].length = status.st_size;
        char before[4096];
        snprintf(before, sizeof before, "%s/%s", argv[2], basename(argv[index + 3]));
        all[index].untimed = stat(before, &status) == 0 ? status.st_size : 0;
        all[index].bytes = mmap(0, all[index].length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
        if (all[index].bytes == MAP_FAILED) fail("mmap");
        close(file);
    }
    for (int run = atoi(argv[1]); run > 0; run--) {
        for (int index = 0; index < count; index++) {
            struct work *work = &all[index];
            if (unshare(CLONE_NEWNET) != 0) fail("unshare");
            work->space = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
            work->offset = 0;
        }
        is_timed = 0;
        install_all();
        is_timed = 1;
        double from = milliseconds();
        install_all();
        printf("%.1f\n", milliseconds() - from);
        fflush(stdout);
        for (int index = 0; index < count; index++) close(all[index].space);
        // The kernel clears what is left in the background; the next run is not to wait for that.
        if (unshare(CLONE_NEWNET) != 0) fail("unshare");
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, 0);
    }
    return 0;
}
