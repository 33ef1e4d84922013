/* SPDX-License-Identifier: MIT */
/* Threads: started with a name, a stack size, and all signals that are meant
 * for the process blocked. */
#ifndef FL_PLATFORM_THREAD_H
#define FL_PLATFORM_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Longest thread name, with its end. */
#define FL_THREAD_NAME_BYTES 16

/*
 * Below each stack. As much as the kernel keeps free below a process's first
 * stack: whoever has a larger frame, and does not touch it from its upper end
 * on (-fstack-clash-protection does), jumps over it. At least 64 KiB: that is
 * how far apart that option touches on AArch64.
 */
enum { FL_THREAD_GUARD_BYTES = 1 << 20 };

struct fl_thread {
    pthread_t id;
};

/*
 * Any thread. Allocates (the stack). The new thread blocks asynchronous
 * signals; faults and SIGPROF stay open. `stack_bytes` is rounded up to what
 * the system accepts; below it is a guard of FL_THREAD_GUARD_BYTES.
 * Returns 0, or -EAGAIN, -EINVAL, -ENOMEM.
 */
int fl_thread_start(struct fl_thread *thread, void *(*main)(void *), void *arg,
    size_t stack_bytes);

/* Once, of each thread, not by itself. Blocks until it has ended. */
void fl_thread_join(struct fl_thread *thread);

/* The thread itself: ends it. */
_Noreturn void fl_thread_end(void);

/* The thread itself: names it; the name is cut to fit. */
void fl_thread_set_name(const char *name);
/* The thread itself, signal handlers too. Its name: FL_THREAD_NAME_BYTES. */
void fl_thread_get_name(char *name);

/* The thread itself: the lowest address of its stack, NULL if unknown. */
char *fl_thread_stack_low(void);

/* The thread itself: a block that it keeps until it puts another one there, or
 * ends; allocated, taken (also if it cannot be kept); NULL: none. */
void *fl_thread_note(void);
void fl_thread_put_note(void *note);

/* Any thread. Lets another thread run. */
void fl_thread_yield(void);

#endif
