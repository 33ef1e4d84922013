/* SPDX-License-Identifier: MIT */
/**
 * @file promise.h
 * A promise: the other end of a future that is set by hand, by any thread, as
 * when an API with callbacks of its own delivers what others wait for.
 *
 *     static void on_address(void *p, uint32_t address)
 *     {
 *         filch_promise_set(p, &address, sizeof address);
 *         filch_promise_close(p);
 *     }
 *
 *     filch_promise_open(&p, &f, ex);
 *     resolve("localhost", on_address, p);
 *
 * The future is like any other, but no worker runs it: whoever waits for it
 * depends on the holder of the promise, and a circle of waits through that is
 * not seen. A promise is completed once; given up without a value, it fails
 * with #FILCH_ELOST. The protocol is in src/task/README.md.
 */
#ifndef FILCH_PROMISE_H
#define FILCH_PROMISE_H

#include <filch/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** See the file's head. */
typedef struct filch_promise filch_promise;

/** Options of a promise; zero is the default of every field. */
struct filch_promise_options {
    /** Name for failures and dumps, borrowed as long as the future lives.
     * Default: "promise". */
    const char *name;
};

/**
 * Any thread. Allocates. Makes a promise and its future, which is pending.
 * @param p        receives the promise, owned: filch_promise_close() it; NULL
 *                 on failure
 * @param f        receives a reference to the future; may be NULL
 * @param ex       the executor whose on_unobserved is told if the failure is
 *                 not read; it need not outlive the promise. NULL: a line on
 *                 stderr
 * @param site     "name\0file:line", as #FILCH_SITE makes it
 * @param options  NULL for the defaults
 * @param size     of the caller's options
 * @return 0; -ENOMEM; -EINVAL; -E2BIG: options that this library does not know
 */
FILCH_API int filch_promise_call_open(filch_promise **p, filch_future **f,
    filch_executor *ex, const char *site,
    const struct filch_promise_options *options, size_t size);

/** See filch_promise_call_open(); records the place. */
#define filch_promise_open(p, f, ex)                                           \
    filch_promise_call_open((p), (f), (ex), FILCH_SITE(promise), NULL, 0)

/** See filch_promise_call_open(); records the place. */
#define filch_promise_open_with(p, f, ex, options)                             \
    filch_promise_call_open((p), (f), (ex), FILCH_SITE(promise), (options),    \
        sizeof(struct filch_promise_options))

/**
 * Any thread. Lock-free. The work has begun: from now on the future is running,
 * and cannot be cancelled. It need not be called before the promise is set.
 * @return 1; 0: it has been cancelled, there is nothing to do; -EALREADY: it
 *         was started or completed before; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_promise_start(filch_promise *p);

/**
 * Any thread. Lock-free; runs the future's callbacks. Completes it with the
 * first @p size bytes of a result, at most #FILCH_RESULT_MAX.
 * @param result  may be NULL if @p size is 0
 * @return 0; -EALREADY: it was completed before, which stays as it was;
 *         -ECANCELED: it was cancelled before; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_promise_set(
    filch_promise *p, const void *result, size_t size);

/**
 * Any thread. Allocates; runs the future's callbacks. Completes it with a
 * failure. Out of memory, the code stays and the message is lost. A @p code
 * >= 0 is recorded as -EINVAL.
 * @return as filch_promise_set()
 */
FILCH_API int filch_promise_fail(
    filch_promise *p, int code, const char *format, ...) FILCH_PRINTF(3, 4);

/**
 * Any thread, but none may be using the promise any more. Lock-free; may run
 * the future's callbacks. Gives the promise up. If it has been neither
 * completed nor cancelled, the future fails with #FILCH_ELOST. The future
 * lives on. NULL is allowed.
 */
FILCH_API void filch_promise_close(filch_promise *p);

#ifdef __cplusplus
}
#endif
#endif
