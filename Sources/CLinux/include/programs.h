// Programs of BPF that are attached to links and namespaces.
#ifndef NSLAB_PROGRAMS_H
#define NSLAB_PROGRAMS_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// How many programs are attached to a link, by its number (BPF_PROG_QUERY, bpf(2)); -1 with errno where none can be. The kernel's
// structure, as headers before Linux 6.6 lack parts of it.
static inline int nslab_count_programs(uint32_t link, uint32_t place) {
    struct {
        uint32_t target, place, flags, found_flags;
        uint64_t ids;
        uint32_t count, rest;
        uint64_t more[12];
    } query = {.target = link, .place = place};
    return syscall(SYS_bpf, 16, &query, sizeof query) ? -1 : (int)query.count;
}

#endif
