/* SPDX-License-Identifier: MIT */
/**
 * @file testing.h
 * For tests of code that uses an executor: two kinds that have no threads.
 *
 *     filch_with (ex, .backend = FILCH_MANUAL) {
 *         start_upload(ex, &upload);   // the code under test: submits
 *         assert(!upload.has_begun);
 *         filch_step(ex);              // now runs its first task, here
 *         ...
 *     }
 *
 * A manual executor queues its tasks, in the order of the submits whoever
 * submits, until filch_step() runs them, one by one, in the caller. An inline
 * executor (#FILCH_INLINE) runs each task before its submit returns, in the
 * submitter. Both can be used wherever a thread executor can, from any number
 * of threads, with these differences:
 * - It has one worker, whatever `workers` says, no spares and no threads:
 *   forks, loops and all algorithms run serially, in one thread; filch_blocking
 *   does nothing. Tasks run at the same time only if several threads step it,
 *   or wait, at the same time; filch_ctx_worker() is 0 then for the first and
 *   a number below 64, or -1, for others.
 * - A wait (outside of tasks, too, and in tasks of other executors) runs what
 *   it waits for, if that has not started, in the waiting thread. So it hangs
 *   no more than a wait in a task does. With #FILCH_POLL it runs nothing.
 *   Waits nest on the stack of that thread, whatever its size: a chain of tasks
 *   that wait for each other can be too long for it.
 * - A task that has a time (not_before, period) is queued when that comes, also
 *   if it is inline, and to be stepped then. A wait for one such future sleeps
 *   until then, and runs it, unless it has a period; who waits for the first of
 *   several, or at a completion queue, needs somebody who steps.
 * - A manual one that is full: #FILCH_BLOCK steps until there is room.
 * - filch_executor_shutdown() and filch_executor_close() run what is queued
 *   themselves (with #FILCH_POLL, shutdown runs nothing); so does
 *   filch_executor_release(), or, called in a task, the thread that runs it,
 *   after that. What nobody has run when the process ends is not run.
 * - on_start runs before the first task, in the thread that runs that, and
 *   on_stop in the thread that shuts down; several times if several threads ran
 *   tasks at the same time, once for each number.
 * - filch_for_each_worker() calls its function once, in the caller.
 * - An inline task that submits runs the new one on top of itself; so endless
 *   chains of tasks need a manual executor.
 */
#ifndef FILCH_TESTING_H
#define FILCH_TESTING_H

#include <filch/base.h>
#include <filch/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Any thread, also several at the same time. Runs the next task that waits in
 * an executor without threads, and its callbacks. In a task it runs on top of
 * that.
 * @return 1: it ran one; 0: none waits; -EINVAL: null, or an executor that has
 *         threads; -ENOMEM: nothing has happened; #FILCH_EFORKED
 */
FILCH_API int filch_step(filch_executor *ex);

/**
 * Any thread. Steps until no task waits any more; so those that they submit
 * run, too.
 * @return how many ran; negative as filch_step(): perhaps after some ran
 */
FILCH_API int filch_step_all(filch_executor *ex);

/** A task that has not ended, or a future that has not been released. */
struct filch_leak {
    const char *task;       /**< its name, as in filch_failure */
    const char *where;      /**< of its submit, as there */
    enum filch_state state; /**< how far it has come */
    /** Handles, callbacks and entries of completion queues that hold it. */
    unsigned references;
};

/** Told of each: @p data is the caller's. */
typedef void filch_leak_fn(void *data, const struct filch_leak *leak);

/**
 * Any thread, while no task of @p ex is submitted, starts or ends, and none of
 * its futures is released, in other threads: so at the end of a test, or when
 * all has got stuck. Allocates. Looks for tasks of @p ex that have not ended,
 * and for futures that nobody has released. (Those of refused submits are not
 * found.) It costs nothing as long as nobody asks.
 * With FILCH_LEAKS=1 in the environment all of the process are reported at
 * its end, on stderr.
 * @param ex    NULL: all executors of the process, closed ones, too
 * @param fn    called with each, after the search; its strings live as long as
 *              the future; NULL: a line for each on stderr
 * @param data  for @p fn
 * @return how many; -ENOMEM
 */
FILCH_API int filch_report_leaks(
    filch_executor *ex, filch_leak_fn *fn, void *data);

#ifdef __cplusplus
}
#endif
#endif
