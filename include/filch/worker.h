/* SPDX-License-Identifier: MIT */
/**
 * @file worker.h
 * What belongs to a worker: something to be done in each of them, and values
 * of which each has one.
 */
#ifndef FILCH_WORKER_H
#define FILCH_WORKER_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** To be done in a worker. A negative value is a failure. */
typedef int filch_worker_fn(filch_ctx *cx, void *arg);

/**
 * Any thread that is not in a task or callback. Blocks until the deadline;
 * starts the workers that have not been started. Calls @p fn once in each
 * thread that @p ex has, spares too, between two of its tasks: as soon as the
 * task that it runs, if any, has ended. What is started later has on_start
 * for that. Calls from several threads come one after the other.
 * After the deadline nobody begins any more, and those that have begun are
 * waited for.
 * @return 0; the failure of the first worker, by number; -ETIMEDOUT: not all
 *         of them; -EDEADLK: in a task (it would wait for itself); -EINVAL:
 *         null; -EAGAIN, -ENOMEM: a worker cannot be started (nobody has
 *         called @p fn); #FILCH_ESHUTDOWN, #FILCH_EBROKEN, #FILCH_EFORKED
 */
FILCH_API int filch_for_each_worker(
    filch_executor *ex, filch_worker_fn *fn, void *arg, int64_t deadline);

/** Values, one for each thread that asks. See filch_local_open(). */
typedef struct filch_local filch_local;

/**
 * Any thread. Allocates. Values for the workers of @p ex (borrowed as long as
 * filch_local_get() is called), of @p bytes each, that begin as a copy of
 * @p initial (NULL: zeroes). The caller owns it: filch_local_close().
 * @return 0; -EINVAL: null, no bytes, more than PTRDIFF_MAX / 2; -ENOMEM
 */
FILCH_API int filch_local_open(
    filch_local **local, filch_executor *ex, size_t bytes, const void *initial);

/**
 * Any thread. A few instructions in a task of the executor after the first
 * call, which allocates; elsewhere under a lock. The value of this thread,
 * aligned to 64 bytes, in cache lines of its own; the same one as long as the
 * thread lives. NULL: no memory.
 * Not to be used across a join, wait or loop: what runs meanwhile in this
 * thread may get the same one.
 */
FILCH_API void *filch_local_get(filch_local *local);

/**
 * Any thread, when nobody uses the values. Calls @p fn with each that there is,
 * those of workers first, by number. It may change them.
 */
FILCH_API void filch_local_combine(
    filch_local *local, void (*fn)(void *value, void *arg), void *arg);

/** Any thread, when nobody uses the values. Frees them. NULL is allowed. */
FILCH_API void filch_local_close(filch_local *local);

#ifdef __cplusplus
}
#endif
#endif
