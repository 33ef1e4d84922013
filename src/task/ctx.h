/* SPDX-License-Identifier: MIT */
/* What a running task sees of itself: lives on its runner's stack. */
#ifndef FL_TASK_CTX_H
#define FL_TASK_CTX_H

#include <filch/base.h>

#include <stdbool.h>

#include "concurrent/atomic.h"

/* Bits of an executor's control word, as far as tasks care. */
enum { FL_CONTROL_STOP = 1 };

struct filch_ctx {
    filch_future *task;              /* NULL: a hook, or it has ended */
    struct filch_ctx *outer;         /* of the task that waits for this one */
    filch_executor *executor;        /* borrowed */
    const _Atomic uint32_t *control; /* the executor's */
    _Atomic bool *is_looking;        /* set before the end shows; or NULL */
    /* Called, with it, when there are callbacks to be run after all. */
    void (*stop_looking)(void);
    int worker;    /* see filch_ctx_worker() */
    char *message; /* owned: from filch_failf() */
};

#endif
