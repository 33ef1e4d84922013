/* SPDX-License-Identifier: MIT */
/* A call in a task of an executor. */
#ifndef FL_EXECUTOR_RUN_H
#define FL_EXECUTOR_RUN_H

#include <filch/base.h>

/* Any thread. Blocks until it has ended, so that `arg` may be the caller's.
 * What it returned, or why it did not run; the message that it left is the
 * caller's then, as of fl_strand_put_message(). */
int fl_run_as_task(
    filch_executor *ex, filch_task *task, const char *site, void *arg);

#endif
