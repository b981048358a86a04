// As in CLinux: libc's types must look alike in every module.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <netinet/in.h>

#include <sys/capability.h>
