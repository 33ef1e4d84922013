/* SPDX-License-Identifier: MIT */
/**
 * @file compose.h
 * Futures made of futures, without a thread that waits: then (go on with what
 * came of one), all, and any.
 *
 *     filch_then(&page, reply, ex, parse, NULL, NULL);
 *     filch_all(&both, (filch_future *[]){page, image}, 2);
 *
 * A derived future is pending until it is final, and can be cancelled until
 * then. It keeps what it needs alive: the caller may release it, and what it is
 * made of, at any time. Failures pass on as they are, with message, name and
 * place of the task that failed, whose future lives as long, and count as read
 * where they came from. Chains may be of any length.
 * In a task, waiting for a derived future with filch_future_result(),
 * filch_future_failure() or filch_wait(#FILCH_ALL) is waiting for what it waits
 * for: that is claimed, and a circle is seen, but not through filch_any(). In a
 * callback, do not wait for one: it may depend on what is due in the same
 * thread after that callback.
 */
#ifndef FILCH_COMPOSE_H
#define FILCH_COMPOSE_H

#include <filch/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Then
 * @{ */

/**
 * A handler: a task that goes on with a future that is final.
 * @param source  what filch_then() was called with: borrowed
 * @param arg     of the filch_then(), or filch's copy
 * @param result  as a task's: the derived future's value
 */
typedef int filch_handler(
    filch_ctx *cx, filch_future *source, void *arg, void *result);

/** filch_then_options.flags: cancelling the derived future cancels the one
 * that it waits for, too. */
#define FILCH_CANCEL_UP 1U

/** Options of a filch_then(); zero is the default of every field. */
struct filch_then_options {
    /** Name for failures and dumps, borrowed as long as the derived future
     * lives. Default: "then(on_value, on_failure)". */
    const char *name;
    /** Nonzero: the handler gets a copy of this many bytes at `arg`, made
     * during the call, aligned to 16. Zero: the pointer itself. */
    size_t arg_bytes;
    /** Called with what the handler gets (or would have got), exactly once,
     * when filch is through with it: after the handler, when it is clear that
     * none will run, or, if filch_then() fails, during the call, with the
     * caller's `arg`. */
    void (*arg_destroy)(void *arg);
    /** 0 or #FILCH_CANCEL_UP. */
    unsigned flags;
};

/**
 * Any thread. Allocates; submits the handler if @p f is final already.
 * Makes a future that goes on where @p f ends: with a value, @p on_value runs
 * as a task of @p ex, with a failure @p on_failure; the derived future has the
 * handler's outcome. Without a handler for it the outcome passes as it is. If
 * @p f is cancelled, so is the derived future; the reverse only with
 * #FILCH_CANCEL_UP. A handler that has started when the derived future is
 * cancelled runs to its end, for nothing.
 * The handler is queued whatever the executor's queue_limit; it has the token
 * of the task that called filch_then(), if there was one. If the executor
 * has been shut down or closed by then, the derived future fails with
 * #FILCH_ESHUTDOWN.
 * @param g        receives the derived future: release it; NULL: nobody will
 *                 ask for the outcome
 * @param ex       may be NULL if both handlers are; need not outlive the call
 * @param site     "name\0file:line", as #FILCH_SITE makes it
 * @param options  NULL for the defaults
 * @param size     of the caller's options
 * @return 0; *g is NULL otherwise: -ENOMEM; -EINVAL; -E2BIG: options that
 *         this library does not know; #FILCH_EFORKED; what @p ex refuses all
 *         tasks with, if it could not be opened
 */
FILCH_API int filch_then_call(filch_future **g, filch_future *f,
    filch_executor *ex, filch_handler *on_value, filch_handler *on_failure,
    void *arg, const char *site, const struct filch_then_options *options,
    size_t size);

/** For the macros: a name, as "then(parse, NULL)", and the place. */
#define FILCH_THEN_SITE(name) name "\0" __FILE__ ":" FILCH_STRING(__LINE__)

/** See filch_then_call(). */
#define filch_then(g, f, ex, on_value, on_failure, arg)                        \
    filch_then_call((g), (f), (ex), (on_value), (on_failure), (arg),           \
        FILCH_THEN_SITE("then(" #on_value ", " #on_failure ")"), NULL, 0)

/** See filch_then_call(). */
#define filch_then_with(g, f, ex, on_value, on_failure, arg, options)          \
    filch_then_call((g), (f), (ex), (on_value), (on_failure), (arg),           \
        FILCH_THEN_SITE("then(" #on_value ", " #on_failure ")"), (options),    \
        sizeof(struct filch_then_options))

/**
 * The running handler (not a fork of it). Wait-free. The derived future shall
 * end as @p f will, instead of with what the handler returns, unless that is a
 * failure. Takes a reference of its own. The last call counts. If @p f waits
 * for the derived future, or is that, the latter fails with -EDEADLK.
 * @return 0; -EINVAL: not in a handler, null @p f
 */
FILCH_API int filch_hand_on(filch_ctx *cx, filch_future *f);
/** @} */

/** @name All and any
 * @{ */

/**
 * Any thread. Allocates. Makes a future that is done, without a value, when
 * all are. The first one that fails (in time) fails it at once, the first that
 * is cancelled cancels it; in both cases, and if it is itself cancelled, all
 * inputs that have not started are cancelled. No inputs: done at once. A
 * future may be listed twice.
 * @param g     receives the derived future: release it
 * @param fs    read during the call; the derived future takes references:
 *              filch_future_input()
 * @param site  "name\0file:line", as #FILCH_SITE makes it
 * @return 0; *g is NULL otherwise: -ENOMEM; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_all_call(
    filch_future **g, filch_future *const *fs, size_t count, const char *site);

/** `filch_all(g, fs, count)`: see filch_all_call(). (The rest as it is, so that
 * @p fs may be a compound literal.) */
#define filch_all(g, ...) filch_all_call((g), __VA_ARGS__, FILCH_SITE(all))

/**
 * As filch_all_call(), but the first one that is done makes it done; its index
 * is the value, a `size_t`. Then, and if the derived future is cancelled, all
 * other inputs that have not started are cancelled. If none succeeds, it fails
 * as the last one of those that have failed, and if all are cancelled, so is
 * it. No inputs: -EINVAL.
 */
FILCH_API int filch_any_call(
    filch_future **g, filch_future *const *fs, size_t count, const char *site);

/** `filch_any(g, fs, count)`: see filch_any_call(). (The rest as it is, so that
 * @p fs may be a compound literal.) */
#define filch_any(g, ...) filch_any_call((g), __VA_ARGS__, FILCH_SITE(any))

/**
 * Any thread. Wait-free. An input of a filch_all() or filch_any(), by its
 * index: borrowed, as long as @p g lives. NULL: there is none.
 */
FILCH_API filch_future *filch_future_input(const filch_future *g, size_t index);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
