/* SPDX-License-Identifier: MIT */
/*
 * A task and its future: one object of two cache lines, reference counted.
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
struct fl_strand;

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

/* filch_future.flags */
enum {
    FL_STRAY = 1,    /* not from a slab: allocated alone */
    FL_NAMED = 2,    /* `name` is set */
    FL_ARG_HEAP = 4, /* `arg` was copied into a block of its own */
};

struct filch_future {
    _Atomic uint32_t state;   /* any thread, atomic */
    uint8_t kind;             /* immutable; enum filch_fn_kind */
    uint8_t flags;            /* immutable */
    filch_any_fn fn;          /* immutable; while free, the slab's link */
    void *arg;                /* submitter, then the runner */
    union {                   /* immutable */
        struct fl_pool *pool; /* alive while the phase is not final */
        struct fl_home *home; /* FL_STRAY: has a share in it, unless NULL */
    };
    const char *site;                   /* immutable; "function\0file:line" */
    struct fl_hook *hooks;              /* under the hook lock */
    _Atomic(struct fl_strand *) runner; /* the runner writes; see strand.h */
    void (*arg_destroy)(void *);        /* immutable */
    alignas(FL_CACHE_LINE) union {
        unsigned char result[FILCH_RESULT_MAX]; /* done */
        struct {
            char *message; /* owned; NULL: none */
            int code;
        } failure;                    /* failed */
    } outcome;                        /* runner, until final; then immutable */
    const char *name;                 /* immutable, if FL_NAMED */
    alignas(16) unsigned char copy[]; /* the argument, if copied inline */
};

/* Sizes of a task with its copied argument. */
enum {
    FL_TASK_BYTES = 128,
    FL_TASK_COPY_BYTES = 16,
    FL_BIG_TASK_BYTES = 192,
    FL_BIG_TASK_COPY_BYTES = 80,
};

static inline uint32_t fl_phase(uint32_t state)
{
    return state & FL_PHASE;
}
static inline bool fl_is_final(uint32_t state)
{
    return fl_phase(state) >= FL_DONE;
}
static inline uint32_t fl_references(uint32_t state)
{
    return state / FL_REFERENCE;
}

/* What a submit says about its tasks. */
struct fl_order {
    struct filch_call call;
    const struct filch_submit_options *options; /* NULL: the defaults */
    void *arg;
};

/* Any thread. Makes `task`, fresh memory of the right size, pending with
 * `references`; the options are for fl_task_take_options(). */
static inline void fl_task_init(filch_future *task,
    const struct fl_order *order, struct fl_pool *pool, unsigned references)
{
    task->kind = (uint8_t)order->call.kind;
    task->flags = 0;
    task->fn = order->call.fn;
    task->arg = order->arg;
    task->pool = pool;
    task->site = order->call.site;
    task->hooks = NULL;
    task->arg_destroy = NULL;
    /* relaxed: pushing the task orders them */
    store_relaxed(&task->runner, NULL);
    store_relaxed(&task->state, FL_PENDING | references * FL_REFERENCE);
}
/* The submitter. Name, destructor, and the copy of the argument. 0, or
 * -ENOMEM. */
int fl_task_take_options(filch_future *task, const struct fl_order *order);
/* The submitter, if the task goes no further: as if it had not been made. */
void fl_task_unmake(filch_future *task);
/* Any thread. The failure of a submit that got no further: a future that has
 * failed with `code`, never NULL; calls the argument's destructor. `message`,
 * an allocated string or NULL, is taken. `home`: whom to tell if it is not
 * read, or NULL. */
filch_future *fl_task_refused(const struct fl_order *order, int code,
    char *message, struct fl_home *home);

/* Any thread. Wait-free. pending -> running: true for exactly one caller. */
bool fl_task_claim(filch_future *task);
/* Any thread. pending -> cancelled: true for the one that did it; runs hooks.
 * The caller has a reference. */
bool fl_task_cancel(filch_future *task);
/* The runner, after claim. Calls the function and finishes. `owned`: the
 * runner's reference goes in the same step. */
void fl_task_run(filch_ctx *cx, filch_future *task, bool owned);
/* The runner, after claim, instead of run: fails with `code`. `message`, an
 * allocated string or NULL, is taken. */
void fl_task_fail(filch_future *task, int code, char *message, bool owned);

/* Any thread with a reference. */
void fl_task_retain(filch_future *task);
void fl_task_release(filch_future *task);

/* Any thread with a reference. The task's name, and "file:line" or "". */
const char *fl_task_name(const filch_future *task);
const char *fl_task_where(const filch_future *task);
/* Any thread, once failed. */
void fl_task_failure(filch_future *task, struct filch_failure *failure);

/* Any thread with a reference, not in a task. Blocks until final or the
 * deadline. 0, or -ETIMEDOUT. */
int fl_task_wait(filch_future *task, int64_t deadline);

#endif
