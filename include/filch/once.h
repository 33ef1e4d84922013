/* SPDX-License-Identifier: MIT */
/**
 * @file once.h
 * Something that is done once, by whoever needs it first, and may be parallel.
 *
 *     static struct filch_once_flag loaded;
 *
 *     int rc = filch_once(&loaded, ex, load_table, "table.bin");
 */
#ifndef FILCH_ONCE_H
#define FILCH_ONCE_H

#include <filch/fork.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Zero: not yet done. Its fields are filch's. It needs no end. */
struct filch_once_flag {
    uint32_t done;         /**< nonzero once it is done */
    uint32_t lock;         /**< of the next one */
    filch_future *running; /**< the task that does it now, or NULL */
};

/**
 * Any thread. Wait-free once it is done. Else calls @p fn with @p arg in a task
 * of @p ex, or waits for the one that does so already: a task that waits
 * leaves its place to a worker that can help with what @p fn forks, and runs
 * nothing else itself. What @p fn did is seen by all that return with 0. It
 * is not done if @p fn fails: all that wait get the code, and the next
 * call tries again.
 * @return 0: it is done; what @p fn returned, if negative; -EDEADLK: @p fn
 *         waits for this, directly or not; -EINVAL: null; a refusal as of a
 *         submit
 */
FILCH_API int filch_once(struct filch_once_flag *once, filch_executor *ex,
    filch_fork_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
