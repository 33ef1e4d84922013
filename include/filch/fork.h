/* SPDX-License-Identifier: MIT */
/**
 * @file fork.h
 * Fork and join: nested parallel computation at the cost of a function call.
 *
 *     FILCH_TASK(long, fib, int, n)
 *     {
 *         if (n < 2)
 *             return n;
 *         fib_fork(&cx, n - 1);
 *         long b = fib(cx, n - 2);
 *         return fib_join(&cx) + b;
 *     }
 *
 *     long result;
 *     int rc = fib_run(ex, &result, 40);
 *
 * A fork may run in another worker until its join; if nobody steals it, the
 * join calls it. `cx` is the position in the worker's stack of forks: each fork
 * moves it on, each join moves it back, and what is called in between gets
 * the current one. Joins come in the opposite order of forks, in the function
 * that forked, on every way out of it.
 *
 * Promise: a join that waits runs only what it waits for; a task that waits
 * for something else gives its forks to others meanwhile. Idle workers sleep.
 * Source: Wagner, Calder, "Leapfrogging" (PPoPP 1993); Faxen, "Wool" (2008);
 * van Dijk, van de Pol, "Lace" (2014), section 3, for the private part.
 * The protocol and its argument are in src/sched/README.md.
 */
#ifndef FILCH_FORK_H
#define FILCH_FORK_H

#include <filch/base.h>
#include <filch/detail/fork_family.h>
#include <filch/detail/fork_path.h>

#if defined(__GNUC__) && !defined(__cplusplus)
/** @name Typed: a family of functions for each task
 *
 * `FILCH_TASK(long, fib, int, n) { ... }` defines, static:
 * - `long fib(filch_ctx *cx, int n)`: the task, to be called in a task with
 *   its `cx`;
 * - `void fib_fork(filch_ctx **cx, int n)`: from here to the join it may run
 *   in another worker; as filch_fork();
 * - `long fib_join(filch_ctx **cx)`: the result of the last fork, which must
 *   be one of fib; as filch_join();
 * - `int fib_run(filch_executor *ex, long *result, int n)`: from any thread;
 *   as filch_run(), but the result goes to `*result`, unless it is NULL.
 *
 * Up to eight arguments, as pairs of type and name; they are copied. A record
 * with them, or with the result, may have #FILCH_FORK_MOST bytes. A task
 * that returns without having joined all that it has forked aborts and says
 * which (at the end of what was submitted; in a debug build at its own, if
 * there was room for the fork).
 * @{ */

/** A task with a result: the braces of its body follow. */
#define FILCH_TASK(R, ...)                                                     \
    FILCH_TASK_STATIC(VALUE, R, FILCH_ARGS_COUNT(__VA_ARGS__),                 \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** A task without a result. */
#define FILCH_VOID_TASK(...)                                                   \
    FILCH_TASK_STATIC(VOID, void, FILCH_ARGS_COUNT(__VA_ARGS__),               \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** For a header: a task with a result that is defined elsewhere, ends with a
 * semicolon. Also for tasks that call each other, before their definitions. */
#define FILCH_TASK_DECLARE(R, ...)                                             \
    FILCH_TASK_EXTERN(VALUE, R, FILCH_ARGS_COUNT(__VA_ARGS__),                 \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** The same, without a result. */
#define FILCH_VOID_TASK_DECLARE(...)                                           \
    FILCH_TASK_EXTERN(VOID, void, FILCH_ARGS_COUNT(__VA_ARGS__),               \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** What was declared with #FILCH_TASK_DECLARE: the body follows. */
#define FILCH_TASK_DEFINE(R, ...)                                              \
    FILCH_TASK_TYPE_(VALUE, , R, FILCH_ARGS_COUNT(__VA_ARGS__),                \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** The same, without a result. */
#define FILCH_VOID_TASK_DEFINE(...)                                            \
    FILCH_TASK_TYPE_(VOID, , void, FILCH_ARGS_COUNT(__VA_ARGS__),              \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** @} */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** @name Untyped: a function and a frame of the caller's
 * @{ */

/** A fork's function: 0 or more for success, a negative code for failure. */
typedef int filch_fork_fn(filch_ctx *cx, void *frame);

/** For filch_fork(): its record. */
struct filch_fork_call {
    struct filch_fork_record head; /**< of it */
    union {
        struct {
            void *frame;       /**< borrowed until the join */
            filch_fork_fn *fn; /**< to be called */
        } args;                /**< before the join */
        int result;            /**< afterwards */
    } u;                       /**< one after the other */
    char pad[24];              /**< to #FILCH_FORK_ALIGN */
};

/** For filch_fork(): the type of its records. */
FILCH_API extern const struct filch_fork_type filch_fork_call_type;

/**
 * The running task. Usually a few instructions; may allocate or start a
 * thread. From here to its join, @p fn may run with @p frame, here or in
 * another worker. @p cx moves on. A fork that finds no room runs at once.
 * Aborts outside of a task, and if there is no memory for one without room.
 */
static inline void filch_fork(filch_ctx **cx, filch_fork_fn *fn, void *frame)
{
    struct filch_fork_call *record = (struct filch_fork_call *)(void *)*cx;
    filch_ctx *top = (filch_ctx *)(void *)(record + 1);
    record->head.type = &filch_fork_call_type;
    record->u.args.frame = frame;
    record->u.args.fn = fn;
    FILCH_FORK_UNLESS_ROOM(filch_fork_region_of(record), top, slow);
    *cx = top;
    return;
slow:
    *cx = filch_fork_slowly(top, &filch_fork_call_type);
}

/**
 * The running task. Blocks if another worker has it. Joins the last fork that
 * has not been joined: what its function returned. @p cx moves back. Aborts if
 * that was another type of fork, if it sees it.
 */
static inline int filch_join(filch_ctx **cx)
{
    struct filch_joined joined;
    struct filch_fork_call *call;
    filch_fork_fn *fn;
    void *frame;
    int result;
    filch_ctx *at = *cx;
    FILCH_FORK_FORGET(at);
    call = (struct filch_fork_call *)(void *)at - 1;
    FILCH_FORK_UNLESS_PRIVATE(filch_fork_region_of(call), call, slow);
fast:
    FILCH_FORK_EXPECT(&filch_fork_call_type, &call->head);
    fn = call->u.args.fn;
    frame = call->u.args.frame;
    filch_fork_wipe(&call->head, sizeof *call);
    *cx = (filch_ctx *)(void *)call;
    return fn(*cx, frame);
slow:
    joined = filch_join_slowly(at, &filch_fork_call_type);
    if (!joined.done)
        goto fast;
    call = (struct filch_fork_call *)(void *)joined.done;
    result = call->u.result;
    filch_fork_wipe(&call->head, sizeof *call);
    *cx = joined.cx;
    return result;
}

/**
 * Any thread. Blocks. Runs @p fn in @p ex, where it can fork, and waits for it:
 * in a task of @p ex that is a plain call. What it returned, or why it could
 * not run, a negative code.
 */
FILCH_API int filch_run(filch_executor *ex, filch_fork_fn *fn, void *frame);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
