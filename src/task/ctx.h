/* SPDX-License-Identifier: MIT */
/* What a thread knows of a task that it runs: lives on its stack. */
#ifndef FL_TASK_CTX_H
#define FL_TASK_CTX_H

#include <filch/base.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "concurrent/atomic.h"

/* Bits of an executor's control word, as far as tasks care. */
enum { FL_CONTROL_STOP = 1 };

/* See the head. */
struct fl_run {
    filch_future *task;              /* NULL: a hook, or it has ended */
    struct fl_run *outer;            /* of the task that waits for this one */
    filch_executor *executor;        /* borrowed */
    const _Atomic uint32_t *control; /* the executor's */
    _Atomic bool *is_looking;        /* set before the end shows; or NULL */
    /* Called, with it, when there are callbacks to be run after all. */
    void (*stop_looking)(void);
    filch_ctx *position; /* where its first fork goes: see region.h */
    int worker;          /* see filch_ctx_worker() */
    char *message;       /* owned: from filch_failf() */
};

/* The runner. The caller owns it. */
static inline char *fl_run_take_message(struct fl_run *run)
{
    char *message = run->message;
    run->message = NULL;
    return message;
}

/* Any thread. An allocated one; NULL: there is none, or no memory. */
static inline char *fl_message_copy(const char *message)
{
    size_t bytes = message ? strlen(message) + 1 : 0;
    char *copy = message ? malloc(bytes) : NULL;
    return copy ? memcpy(copy, message, bytes) : NULL;
}

/* The runner. Takes the message: the last one counts. */
static inline void fl_run_put_message(struct fl_run *run, char *message)
{
    free(run->message);
    run->message = message;
}

#endif
