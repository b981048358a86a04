// What record.c keeps of a program and replay.c makes again: steps, one behind the other in the order in which they were over. A step
// is this head, then its holes, then its bytes.
#pragma once
#include <stdint.h>

enum {
    // unshare(2): from here on the number means a namespace that is new.
    step_made = 1,
    // A batch of requests to rtnetlink.
    step_route,
    // A transaction of nf_tables.
    step_tables,
    // A file of /proc/sys, a zero, what was written to it.
    step_setting,
    // The name of the file in /run/netns on which the namespace was mounted.
    step_pin,
    // Where a symbolic link leads, a zero, its path.
    step_link,
    // The path of a folder.
    step_folder,
};

struct step {
    uint32_t kind;
    // The namespace by its number, which is its file's in nsfs. The kernel gives a number again once it is free.
    uint32_t space;
    uint32_t holes, length;
};

// Where among a step's bytes there was a descriptor of a namespace, and of which.
struct hole {
    uint32_t offset, space;
};
