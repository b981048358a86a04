// Linked into what runs under a sanitizer (tools/sanitize): the options that programs have which start without the
// environment of the test, and what a confined process cannot do under a sanitizer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>

// Each process writes a file of its own, if it has something to report. It goes on, for one report must not hide another.
#define COMMON "log_path=" REPORTS "/report:log_exe_name=1:halt_on_error=0:exitcode=66"

const char *__tsan_default_options(void) { return COMMON; }
const char *__asan_default_options(void) { return COMMON; }
const char *__lsan_default_options(void) { return COMMON; }

// What is not ours, or is no fault:
// - once_slow: static values, which live until the end. An enum marks pointers in bits that are not used, and pointers that are
//   marked so are none to LeakSanitizer.
// - XCTest: what it runs its suites with.
// - Foundation's Process, which a test starts nft with: its weak reference to itself.
const char *__lsan_default_suppressions(void) {
    return "leak:swift::threading_impl::once_slow\nleak:libXCTest.so\nleak:s10Foundation7ProcessC3run\n";
}

// A sanitizer's shadow of the memory counts as data.
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    if (resource == RLIMIT_DATA) return 0;
    int (*original)(__rlimit_resource_t, const struct rlimit *) = dlsym(RTLD_NEXT, "setrlimit");
    return original(resource, limit);
}

// A report takes files and a process that puts names to addresses, which a filter of system calls would refuse.
long syscall(long number, ...) {
    if (number == SYS_seccomp) return 0;
    va_list list;
    va_start(list, number);
    long words[6];
    for (int index = 0; index < 6; index++) words[index] = va_arg(list, long);
    va_end(list);
    long (*original)(long, ...) = dlsym(RTLD_NEXT, "syscall");
    return original(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

#ifdef THREAD
// Swift's Mutex hands over inside its library, which is not instrumented, where two threads want it at once.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define MUTEX "$s15Synchronization12_MutexHandleV"
#define SELF __attribute__((swift_context)) void *mutex
#define SWIFT __attribute__((swiftcall))

SWIFT void lock_slowly(uint32_t thread, SELF) __asm__(MUTEX "9_lockSlowyys6UInt32VF");
SWIFT void lock_slowly(uint32_t thread, SELF) {
    SWIFT void (*original)(uint32_t, SELF) = dlsym(RTLD_NEXT, MUTEX "9_lockSlowyys6UInt32VF");
    original(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void unlock_slowly(SELF) __asm__(MUTEX "11_unlockSlowyyF");
SWIFT void unlock_slowly(SELF) {
    SWIFT void (*original)(SELF) = dlsym(RTLD_NEXT, MUTEX "11_unlockSlowyyF");
    __tsan_release(mutex);
    original(mutex);
}
#endif
