/* SPDX-License-Identifier: MIT */
/* A call in a task of an executor. */
#ifndef FL_EXECUTOR_RUN_H
#define FL_EXECUTOR_RUN_H

#include <filch/base.h>

#include "task/plan.h"
#include "task/strand.h"

/* Any thread. Blocks until it has ended, so that `arg` may be the caller's.
 * What it returned, or why it did not run; the message that it left is the
 * caller's then, as of fl_strand_put_message(). */
int fl_run_as_task(
    filch_executor *ex, filch_task *task, const char *site, void *arg);

/* Any thread. The token of the task that runs here, for what it submits;
 * borrowed; or NULL. */
static inline struct filch_token *fl_token_to_inherit(void)
{
    const struct fl_strand *strand = fl_strand_current;
    const struct fl_run *run = strand ? strand->innermost : NULL;
    return run && run->task ? fl_task_token(run->task) : NULL;
}

#endif
