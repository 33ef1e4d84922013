/* SPDX-License-Identifier: MIT */
/*
 * A plan: what a task with a token, with times, or with a large result has
 * beside it, behind the extra. See README.md, "Plans".
 */
#ifndef FL_TASK_PLAN_H
#define FL_TASK_PLAN_H

#include "task/report.h"
#include "task/task.h"
#include "task/token.h"

struct fl_plan {
    struct filch_token *token;       /* immutable; has a reference; or NULL */
    struct fl_plan *next, *previous; /* token's lock */
    bool is_linked;                  /* token's lock */
    bool is_timed;          /* immutable: not to be run by who waits for it */
    _Atomic bool is_last;   /* any thread, atomic: no more after this run */
    struct fl_timer due;    /* when it is queued: has the queue's reference */
    struct fl_timer expiry; /* when it fails: has a reference */
    int64_t not_before;     /* 0: at once; the runner */
    int64_t start_by;       /* immutable; 0: whenever it comes to it */
    int64_t period;         /* immutable; 0: once */
    void *result;           /* immutable; owned; NULL: in the task */
    size_t result_bytes;    /* immutable */
};

/* Memory for a task with a plan. */
enum { FL_WIDE_TASK_BYTES = FL_BIG_TASK_BYTES + 128 };
_Static_assert(FL_BIG_TASK_BYTES + sizeof(struct fl_plan) <= FL_WIDE_TASK_BYTES,
    "it has its place");

/* Any thread. Of a task that has one; and back. */
static inline struct fl_plan *fl_task_plan(const filch_future *task)
{
    return (struct fl_plan *)((uintptr_t)task + FL_BIG_TASK_BYTES);
}
static inline filch_future *fl_plan_task(struct fl_plan *plan)
{
    return (filch_future *)((uintptr_t)plan - FL_BIG_TASK_BYTES);
}
/* Whoever adds a timer of it, or takes one of this kind from a heap. */
static inline filch_future *fl_plan_task_due(struct fl_timer *timer)
{
    return fl_plan_task(
        (struct fl_plan *)((uintptr_t)timer - offsetof(struct fl_plan, due)));
}

/* The submitter: the plan of a task that has one. 0, or -ENOMEM. */
int fl_plan_init(
    filch_future *task, const struct filch_submit_options *options);
/* Whoever frees the task. */
void fl_plan_free(filch_future *task);

/* Any thread with a reference. Its token, borrowed, or NULL. */
static inline struct filch_token *fl_task_token(const filch_future *task)
{
    return task->flags & FL_WIDE ? fl_task_plan(task)->token : NULL;
}

/* Any thread with a reference. True: only a worker may run it. */
static inline bool fl_task_is_timed(const filch_future *task)
{
    return (task->flags & FL_WIDE) && fl_task_plan(task)->is_timed;
}

/* The submitter, of a task whose time is to come; gives the queue's reference
 * away. 0; or as fl_timers_add(): then it has not. */
int fl_plan_wait_for_time(filch_future *task);
/* Any thread with a reference. Has the task fail with FILCH_EEXPIRED if it has
 * not started by its time. */
void fl_plan_watch_start(filch_future *task);

/* As fl_task_claim(), by whoever is about to run the task: unless it is called
 * off, since its token has been cancelled, or its time has passed; then it has
 * been ended. */
static inline bool fl_task_claim_to_run(filch_future *task)
{
    return task->flags & FL_WIDE ? fl_plan_claim(task) : fl_task_claim(task);
}
/* Whoever has claimed or cancelled such a task, before anything else: nobody
 * comes for it any more on account of the plan. */
void fl_plan_leave(filch_future *task);

/* The runner of such a task, which has the queue's reference, when it has not
 * failed. Is it to be run again? */
bool fl_plan_repeats(const filch_future *task);
/* The same: yes. Makes it pending, gives the queue's reference away. */
void fl_plan_repeat(filch_future *task);
/* Any thread with a reference. A task that runs is not to be run again. True:
 * it is pending. */
bool fl_plan_make_last(filch_future *task);

#endif
