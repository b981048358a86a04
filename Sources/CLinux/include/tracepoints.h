// Tracepoints by way of perf_event_open(2), which has no wrapper in the C library.
#ifndef NSLAB_TRACEPOINTS_H
#define NSLAB_TRACEPOINTS_H

#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Each time that a tracepoint is passed on a processor: the time by CLOCK_MONOTONIC, and its own data. A descriptor, or -1 with errno.
static inline int nslab_open_tracepoint(uint64_t id, int processor) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.config = id;
    attributes.sample_period = 1;
    attributes.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW;
    attributes.use_clockid = 1;
    attributes.clockid = CLOCK_MONOTONIC;
    return (int)syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

// How many bytes the kernel has written so far. What is read of them is read after it.
static inline uint64_t nslab_perf_head(const struct perf_event_mmap_page *page) {
    return __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
}

#endif
