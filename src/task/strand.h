/* SPDX-License-Identifier: MIT */
/*
 * A strand: one thread's stack of running tasks. A task that waits blocks its
 * whole strand; strands that wait for each other in a circle are found when
 * the last of them is about to sleep. See README.md, [STRAND].
 */
#ifndef FL_TASK_STRAND_H
#define FL_TASK_STRAND_H

#include "task/in_place.h"
#include "task/waiter.h"

struct fl_worker;

struct fl_strand {
    struct fl_pool *pool;     /* immutable: whose tasks run here */
    struct fl_worker *worker; /* immutable; NULL: an outside thread helps */
    unsigned index;           /* immutable: the worker's number */
    unsigned pool_threads;    /* immutable: strands the pool can have */
    char *stack_low;          /* immutable; NULL: unknown */
    size_t stack_bytes;       /* immutable */
    /* The tasks on the stack, innermost first: the strand's thread, and
     * others under the lock while it is blocked. */
    struct fl_run *innermost;
    struct fl_region *region; /* immutable */
    struct fl_record
        *stolen; /* the innermost that runs here; the thread only */
    /* All that follows is guarded by the lock of the blocked strands. */
    struct fl_strand *next;
    filch_future *const *awaited;
    size_t count;
    const struct fl_record *joined; /* then there are no others, no waiter */
    struct fl_waiter *waiter;
    uint32_t events; /* of the waiter, when it last looked */
    unsigned marks;  /* while somebody looks for a circle */
    bool is_doomed;
};

/* The calling thread's strand while it runs tasks, else NULL. */
extern _Thread_local struct fl_strand *fl_strand_current
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The only thread of a child of fork(): forgets all strands, its own too. */
void fl_strand_forget_all(void);

/*
 * The strand's thread, in a task. It is about to sleep until one of the tasks
 * is final, or `waiter` has more than `events`. -EDEADLK: all of the tasks wait
 * for this strand, directly or not; then every strand in the circle is told so.
 */
int fl_strand_block(struct fl_strand *strand, filch_future *const *awaited,
    size_t count, struct fl_waiter *waiter, uint32_t events);
/*
 * The strand's thread, about to sleep until a fork is done that another one has
 * stolen. If all wait for this one, those that wait for tasks are told so.
 */
void fl_strand_block_in_join(
    struct fl_strand *strand, const struct fl_record *record);
/* The same, after sleeping. -EDEADLK: somebody closed a circle. */
int fl_strand_unblock(struct fl_strand *strand);

/* Any thread. A failure's message that is in no future: what the running task
 * says of its failure, or, outside of tasks, what the thread was told last.
 * Takes it; NULL: nothing was said, the task's own stays. */
void fl_strand_put_message(char *message);
/* Any thread. That message, until the next; NULL: none. */
const char *fl_strand_message(void);

/* The strand's thread. A run on top of what it is running. */
static inline void fl_strand_begin(struct fl_strand *strand, struct fl_run *run)
{
    run->position = fl_region_top(strand->region);
    run->outer = strand->innermost;
    strand->innermost = run;
}
/* The same; all that it has forked is joined. */
static inline void fl_strand_end(struct fl_strand *strand, struct fl_run *run)
{
    fl_region_check(run->position);
    fl_in_place_check(strand->region, run);
    strand->innermost = run->outer;
}

/* The strand's thread. Runs a claimed task on top of what it is running. */
static inline void fl_strand_run(struct fl_strand *strand, struct fl_run *run,
    filch_future *task, bool owned)
{
    run->task = task;
    fl_strand_begin(strand, run);
    fl_task_run(run, task, owned);
    fl_strand_end(strand, run);
}

#endif
