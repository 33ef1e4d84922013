/* SPDX-License-Identifier: MIT */
/* The process: has it forked, and its standard error. */
#ifndef FL_PLATFORM_PROCESS_H
#define FL_PLATFORM_PROCESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Any thread. Wait-free. A number that is different in a child of fork(): a
 * handle that remembers another one came through a fork and is dead.
 */
uint32_t fl_process_generation(void);

/* Any thread. Watches for forks from now on; in_child(), always the same one,
 * is called in each child, by its only thread. Idempotent. 0, or -ENOMEM. */
int fl_process_watch_forks(void (*in_child)(void));

/* Any thread. Writes a line to standard error, in one system call. */
void fl_process_complain(const char *line, size_t bytes);
/* The same, formatted as by printf(), and cut if it is long. */
void fl_process_complain_of(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
