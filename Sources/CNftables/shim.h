// As in CLinux: no feature macros, and libc's types first.
#include <netinet/in.h>

#include <nftables/libnftables.h>
