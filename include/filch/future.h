/* SPDX-License-Identifier: MIT */
/**
 * @file future.h
 * A future: the outcome, to come, of one task. Reference counted; outlives
 * its executor.
 *
 * States: pending, then running, then one of done, failed, cancelled, which
 * is final. Waiting in a task never runs an unrelated task and never hangs:
 * if the awaited task has not started, it is claimed and run right there;
 * else a spare worker takes the waiter's place; a cycle of waits is
 * -EDEADLK, for every task in it. The protocol and its argument are in
 * src/task/README.md.
 */
#ifndef FILCH_FUTURE_H
#define FILCH_FUTURE_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a task is. The last three are final. */
enum filch_state {
    FILCH_PENDING,   /**< accepted, not started */
    FILCH_RUNNING,   /**< running now */
    FILCH_DONE,      /**< returned a value >= 0 */
    FILCH_FAILED,    /**< returned a negative code, or was refused */
    FILCH_CANCELLED, /**< never ran, and will not */
};

/** Any thread. Wait-free. Null: FILCH_FAILED. */
FILCH_API enum filch_state filch_future_state(const filch_future *f);

/** Any thread. Wait-free. "pending", "running", ...; a static string. */
FILCH_API const char *filch_state_name(enum filch_state state);

/**
 * Any thread. Wait-free. Writes one line about the future ("count_words:
 * failed, EIO: disk on fire (main.c:12)") as snprintf() would.
 * @return the line's length without the end, even if it was cut; -EINVAL
 */
FILCH_API int filch_future_describe(
    const filch_future *f, char *line, size_t size);

/**
 * Any thread. Blocks until the deadline; in a task as the file's head says.
 * The task's result: its first @p size bytes are copied to @p result.
 * @param result  may be NULL if @p size is 0; untouched unless 0 is returned
 * @param size    at most #FILCH_RESULT_MAX, or
 * filch_submit_options.result_bytes
 * @return 0; the task's failure; -ECANCELED: cancelled; -ETIMEDOUT: not
 *         finished (filch_future_state() tells it from a task that failed
 *         with that); -EDEADLK: part of a cycle of waits; -EINVAL;
 *         #FILCH_EFORKED
 */
FILCH_API int filch_future_result(
    filch_future *f, int64_t deadline, void *result, size_t size);

/**
 * As filch_future_result(), for the failure: fills @p failure if the task
 * failed (its strings live as long as the future).
 * @return 0: it did not fail; else as filch_future_result()
 */
FILCH_API int filch_future_failure(
    filch_future *f, int64_t deadline, struct filch_failure *failure);

/**
 * Any thread. Lock-free; runs the future's callbacks. Cancels a task that has
 * not started: it never will.
 * @return 1: it is cancelled (also if it was before); 0: it is running or has
 *         finished; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_future_cancel(filch_future *f);

/**
 * Any thread. If the task has not started, claims it and runs it here, in
 * the calling thread: for a caller who would only wait. A start hook of the
 * executor has not run in an outside thread.
 * @return 1: it ran here; 0: it had started, finished or been cancelled, or
 *         there is no memory to run it here; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_future_help(filch_future *f);

/**
 * A callback: once, after the future is final, in the order of registration,
 * with no lock held, in the thread that completed it. (One that is registered
 * when it is final runs in the registering thread, perhaps beside them.) It may
 * call anything, also release the last reference. A negative value is reported
 * to the executor's on_unobserved. Callbacks do not nest: one that becomes due
 * while another runs in the same thread runs right after it.
 */
typedef int filch_callback(filch_future *f, void *arg);

/**
 * Any thread. Allocates. Registers a callback; if the future is final
 * already, runs it before returning (in a callback: right after that one).
 * @return 0; -EINVAL; -ENOMEM, #FILCH_EFORKED: not registered
 */
FILCH_API int filch_future_on_done(
    filch_future *f, filch_callback *fn, void *arg);

/** Any thread. Wait-free. One more reference; returns @p f. */
FILCH_API filch_future *filch_future_retain(filch_future *f);

/**
 * Any thread. Lock-free. One reference less; the task is not affected. When
 * the last one goes, a failure that nobody has read is reported to the
 * executor's on_unobserved. NULL is allowed. Releasing more often than owned
 * aborts in a debug build.
 */
FILCH_API void filch_future_release(filch_future *f);

/** When filch_wait() returns. */
enum filch_wait_mode {
    FILCH_ALL,           /**< all are final */
    FILCH_FIRST,         /**< at least one is final */
    FILCH_FIRST_FAILURE, /**< one has failed, or all are final */
};

/**
 * Any thread. Blocks until the deadline; in a task as the file's head says.
 * Allocates for FIRST and FIRST_FAILURE, and with @p done, if count > 16.
 * Waits for several futures, of any executors. A future may be listed twice;
 * a cancelled one is final, and not a failure. Time O(count): to take many as
 * they finish, use a completion queue.
 * @param done  receives the final ones, each once, in the order of @p fs; no
 *              references; room for @p count; may be NULL
 * @return how many are final (at the deadline: those that are); -EINVAL;
 *         -ENOMEM; -EDEADLK; #FILCH_EFORKED
 */
FILCH_API int filch_wait(filch_future *const *fs, size_t count,
    enum filch_wait_mode mode, int64_t deadline, filch_future **done);

#ifdef __cplusplus
}
#endif
#endif
