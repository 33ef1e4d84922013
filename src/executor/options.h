/* SPDX-License-Identifier: MIT */
/* Option structs from callers that were compiled with another version. */
#ifndef FL_EXECUTOR_OPTIONS_H
#define FL_EXECUTOR_OPTIONS_H

#include <stddef.h>

#include "task/plan.h"
#include "task/strand.h"

/*
 * Copies the caller's struct of `from_size` bytes (NULL: all defaults) into
 * ours of `to_size`; what the caller does not have is zero. -E2BIG: the
 * caller set something that we do not have.
 */
int fl_options_copy(
    void *to, size_t to_size, const void *from, size_t from_size);

/* Any thread. The token that an option names, borrowed; NULL: none. By default
 * that of the running task. */
static inline struct filch_token *fl_options_token(struct filch_token *named)
{
    const struct fl_strand *strand = fl_strand_current;
    const struct fl_run *run = strand ? strand->innermost : NULL;
    if (named)
        return named == FILCH_NO_TOKEN ? NULL : named;
    return run && run->task ? fl_task_token(run->task) : NULL;
}

#endif
