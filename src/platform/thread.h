/* SPDX-License-Identifier: MIT */
/* Threads: started with a name, a stack size, and all signals that are meant
 * for the process blocked. */
#ifndef FL_PLATFORM_THREAD_H
#define FL_PLATFORM_THREAD_H

#include <pthread.h>
#include <stddef.h>

/* Longest thread name, with its end. */
#define FL_THREAD_NAME_BYTES 16

struct fl_thread {
    pthread_t id;
};

/*
 * Any thread. Allocates (the stack). The new thread blocks asynchronous
 * signals; faults and SIGPROF stay open. `stack_bytes` is rounded up to what
 * the system accepts and has a guard page below it.
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

/* The thread itself: the lowest address of its stack, NULL if unknown. */
char *fl_thread_stack_low(void);

/* Any thread. Lets another thread run. */
void fl_thread_yield(void);

#endif
