/* SPDX-License-Identifier: MIT */
/*
 * A task and its future: one object of one cache line, reference counted.
 * The runner claims it, runs it and finishes it; whoever holds a reference
 * may look at it, wait for it, cancel it. See README.md for the protocol.
 */
#ifndef FL_TASK_TASK_H
#define FL_TASK_TASK_H

#include <filch/base.h>
#include <filch/executor.h>
#include <filch/future.h>

#include <stdalign.h>
#include <stdbool.h>

#include "concurrent/atomic.h"
#include "concurrent/slab.h"

struct fl_home;
struct fl_hook;
struct fl_pool;

/*
 * The state word, bit by bit.
 *  0-2  phase. Written by whoever wins pending -> running or -> cancelled,
 *       and by the runner, running -> done or failed; final after that.
 *  3    WAITERS: somebody may sleep on this word. Set by waiters while the
 *       phase is not final, never cleared.
 *  4    HOOKS: the list of hooks may not be empty. Set under its lock, never
 *       cleared.
 *  5    READ: somebody has seen the failure. Set by readers.
 *  6-31 references.
 */
enum {
    FL_PENDING = FILCH_PENDING,
    FL_RUNNING = FILCH_RUNNING,
    FL_DONE = FILCH_DONE,
    FL_FAILED = FILCH_FAILED,
    FL_CANCELLED = FILCH_CANCELLED,
    FL_FREE, /* given back: nobody has a reference */
};
#define FL_PHASE UINT32_C(0x7)
#define FL_WAITERS UINT32_C(0x8)
#define FL_HOOKS UINT32_C(0x10)
#define FL_READ UINT32_C(0x20)
#define FL_REFERENCE UINT32_C(0x40)

/* filch_future.flags; immutable */
enum {
    FL_STRAY = 1,       /* not from a slab: allocated alone */
    FL_NAMED = 2,       /* extra.name is set */
    FL_ARG_HEAP = 4,    /* todo.arg was copied into a block of its own */
    FL_ARG_DESTROY = 8, /* todo.arg_destroy is set */
    FL_WIDE = 16,       /* it has a plan: plan.h */
};

/* See the head. */
struct filch_future {
    _Atomic uint32_t state; /* any thread, atomic */
    uint8_t kind;           /* immutable; enum filch_fn_kind */
    uint8_t flags;          /* immutable */
    const char *site;       /* immutable; "function\0file:line" */
    /* One after the other, each written by whoever made the step. */
    union {
        struct {
            filch_any_fn fn;
            void *arg;
            void (*arg_destroy)(void *); /* if FL_ARG_DESTROY */
        } todo; /* pending: the submitter; read by who claims or cancels */
        unsigned char result[FILCH_RESULT_MAX]; /* running, done: the runner */
        struct {
            char *message;        /* owned; NULL: none */
            struct fl_home *home; /* FL_STRAY: has a share in it, or NULL */
            int code;
        } failure; /* failed: the runner */
    };
    struct fl_hook *hooks; /* under the hook lock */
};

/* What a task with a name or a copied argument has beside it. */
struct fl_extra {
    const char *name;                                 /* immutable */
    alignas(16) unsigned char copy[FILCH_ARG_INLINE]; /* until it has run */
};

/* Memory for a task: without an extra, and with one. */
enum {
    FL_TASK_BYTES = sizeof(struct filch_future),
    FL_BIG_TASK_BYTES = FL_TASK_BYTES + sizeof(struct fl_extra),
};

/* Of a task that has one. */
static inline struct fl_extra *fl_task_extra(const filch_future *task)
{
    return (struct fl_extra *)((uintptr_t)task + FL_TASK_BYTES);
}

/* What a state word says. */
static inline uint32_t fl_phase(uint32_t state)
{
    return state & FL_PHASE;
}
static inline bool fl_is_final(uint32_t state)
{
    return fl_phase(state) >= FL_DONE;
}
/* Any thread with a reference. Who sees the end sees the outcome. */
static inline uint32_t fl_task_phase(const filch_future *task)
{
    /* acquire: pairs with finish [TASK-finish] */
    return fl_phase(load_acquire(&task->state));
}
static inline bool fl_task_is_final(const filch_future *task)
{
    return fl_task_phase(task) >= FL_DONE;
}
static inline uint32_t fl_references(uint32_t state)
{
    return state / FL_REFERENCE;
}

struct fl_run;

/* What a submit says about its tasks. (No padding before the end: an 8-byte
 * load that meets two stores waits for both.) */
struct fl_order {
    filch_any_fn fn;
    const char *site;
    void *arg;
    const struct filch_submit_options *options; /* NULL: the defaults */
    filch_future **also; /* with start_by: set as `future` is, before it */
    enum filch_fn_kind kind;
};

/* Does a task of the order need an extra? */
static inline bool fl_order_is_big(const struct fl_order *order)
{
    const struct filch_submit_options *options = order->options;
    return options &&
           (options->name ||
               (options->arg_bytes && options->arg_bytes <= FILCH_ARG_INLINE));
}
/* Does it need a plan, and so an extra? */
static inline bool fl_order_is_wide(const struct fl_order *order)
{
    const struct filch_submit_options *options = order->options;
    return options &&
           (options->token || options->not_before || options->start_by ||
               options->period || options->result_bytes > FILCH_RESULT_MAX);
}

/* Any thread. Makes `task`, fresh memory of the right size, pending with
 * `references`; the options are for fl_task_take_options(). */
static inline void fl_task_init(
    filch_future *task, const struct fl_order *order, unsigned references)
{
    task->kind = (uint8_t)order->kind;
    task->flags = 0;
    task->site = order->site;
    task->todo.fn = order->fn;
    task->todo.arg = order->arg;
    task->hooks = NULL;
    /* relaxed: pushing the task orders it */
    store_relaxed(&task->state, FL_PENDING | references * FL_REFERENCE);
}
/* The submitter. Name, destructor, and the copy of the argument. 0, or
 * -ENOMEM. */
int fl_task_take_options(filch_future *task, const struct fl_order *order);
/* The submitter, if the task goes no further: as if it had not been made.
 * `references`: those it was made with. False: too late, it has been cancelled
 * with its token; then only the queue's reference is gone. */
bool fl_task_unmake(filch_future *task, unsigned references);
/* Any thread. The failure of a submit that got no further: a future that has
 * failed with `code`, never NULL; calls the argument's destructor. `message`,
 * an allocated string or NULL, is taken. `home`: whom to tell if it is not
 * read, or NULL. */
filch_future *fl_task_refused(const struct fl_order *order, int code,
    char *message, struct fl_home *home);

/* The runner, instead of finishing it: it is pending again, as it was. */
void fl_task_unclaim(filch_future *task);
/* Any thread. Lock-free. pending -> running: true for exactly one caller. */
static inline bool fl_task_claim(filch_future *task)
{
    uint32_t state = load_relaxed(&task->state);
    while (fl_phase(state) == FL_PENDING) {
        /* relaxed: the task's fields came with the pointer to it */
        if (cas_weak_relaxed(
                &task->state, &state, (state & ~FL_PHASE) | FL_RUNNING))
            return true;
    }
    return false;
}
/* The same, of a task that has a plan, unless that calls it off. */
bool fl_plan_claim(filch_future *task);
/* As claim, by whoever took the task out of its queue, whose reference it now
 * holds: if that is the only one, nobody else can be after the task, but for
 * what its plan ties it to. */
static inline bool fl_task_claim_owned(filch_future *task)
{
    if (task->flags & FL_WIDE)
        return fl_plan_claim(task);
    /* acquire: pairs with the release of the other references [TASK-free] */
    if (load_acquire(&task->state) != (FL_PENDING | FL_REFERENCE))
        return fl_task_claim(task);
    store_relaxed(&task->state, FL_RUNNING | FL_REFERENCE);
    return true;
}
/* Any thread. pending -> cancelled: true for the one that did it; runs hooks.
 * The caller has a reference. */
bool fl_task_cancel(filch_future *task);
/* The runner, after claim. Calls the function and finishes. `owned`: the
 * runner has the queue's reference, which goes in the same step. */
void fl_task_run(struct fl_run *run, filch_future *task, bool owned);
/* The runner, after claim, instead of run: fails with `code`. `message`, an
 * allocated string or NULL, is taken. */
void fl_task_fail(filch_future *task, int code, char *message, bool owned);

/* Any thread with a reference. */
void fl_task_retain(filch_future *task);
void fl_task_release(filch_future *task);

/* Any thread with a reference. The bytes of its result; and that, once done. */
size_t fl_task_result_bytes(const filch_future *task);
const void *fl_task_result(const filch_future *task);

/* Any thread with a reference. The task's name, and "file:line" or "". */
const char *fl_task_name(const filch_future *task);
const char *fl_task_where(const filch_future *task);
/* Any thread, once failed. */
void fl_task_failure(filch_future *task, struct filch_failure *failure);
/* Any thread, once final: what was said of its failure, or NULL. */
static inline const char *fl_task_message(const filch_future *task)
{
    return fl_task_phase(task) == FL_FAILED ? task->failure.message : NULL;
}

/* Any thread with a reference, not in a task. Blocks until final or the
 * deadline. 0, or -ETIMEDOUT. */
int fl_task_wait(filch_future *task, int64_t deadline);

#endif
