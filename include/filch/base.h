/* SPDX-License-Identifier: MIT */
/**
 * @file base.h
 * What every other header needs: handles, codes, deadlines, tasks.
 *
 * Conventions, true for every function of filch unless it says otherwise:
 * - It returns 0 or a count on success, and a negative code on failure:
 *   `-errno`, or one of #filch_error. It never sets `errno`, never prints.
 * - A handle got from a function is one reference owned by the caller;
 *   passing a handle to a function never gives that reference away.
 * - A time is an absolute deadline in nanoseconds of CLOCK_MONOTONIC.
 * - "Any thread" includes tasks and callbacks. Nothing here may be called in
 *   a signal handler unless its first words say so.
 */
#ifndef FILCH_BASE_H
#define FILCH_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Version of the header; filch_version() is that of the library.
 * @{ */
#define FILCH_VERSION_MAJOR 0 /**< incompatible changes */
#define FILCH_VERSION_MINOR 1 /**< additions */
#define FILCH_VERSION_PATCH 0 /**< repairs */
/** @} */

/** @def FILCH_PRINTF
 * Tells the compiler that a function formats as printf() does. */
/** @def FILCH_API
 * Marks a function that the library exports. */

#if defined(__GNUC__)
#define FILCH_PRINTF(form, first)                                              \
    __attribute__((__format__(__printf__, form, first)))
#define FILCH_API __attribute__((visibility("default")))
#else
#define FILCH_PRINTF(form, first)
#define FILCH_API
#endif

/** A pool of workers that run tasks. See executor.h. */
typedef struct filch_executor filch_executor;
/** The outcome, to come, of one task. See future.h. */
typedef struct filch_future filch_future;
/** The running task, as it sees itself: its first argument. */
typedef struct filch_ctx filch_ctx;
/** What cancels tasks, by hand or at a deadline. See token.h. */
typedef struct filch_token filch_token;

/**
 * A task. @p arg is what was submitted (or filch's copy of it); @p result is
 * #FILCH_RESULT_MAX bytes (or filch_submit_options.result_bytes), zeroed,
 * aligned for any type, for the task to write and filch_future_result() to
 * read.
 * A negative return value is a failure, any other success.
 */
typedef int filch_task(filch_ctx *cx, void *arg, void *result);

/** Bytes of result a task can leave in its future without an allocation. */
#define FILCH_RESULT_MAX 40
/** Bytes of argument that are copied without an allocation. */
#define FILCH_ARG_INLINE 48
/** Most workers an executor can have. */
#define FILCH_WORKERS_MAX 1024

/** filch's own codes; all others are -errno. */
enum filch_error {
    FILCH_EBROKEN = -4097,   /**< the executor is broken: a start hook failed */
    FILCH_ESHUTDOWN = -4098, /**< submitted after shutdown */
    FILCH_EFORKED = -4099,   /**< the handle came through fork() */
    FILCH_EDROPPED = -4100,  /**< queue full: dropped in favour of a newer */
    FILCH_EEXPIRED = -4101,  /**< not started by its time (start_by) */
};

/**
 * Any thread, also in a signal handler. Wait-free.
 * Text for a code of filch or a -errno, for people; a static string.
 */
FILCH_API const char *filch_strerror(int code);

/**
 * Any thread, also in a signal handler. Wait-free.
 * The code's name ("ECANCELED", "FILCH_EBROKEN"), stable across versions, or
 * "?" if it has none; a static string.
 */
FILCH_API const char *filch_error_name(int code);

/**
 * Any thread. Wait-free. Text for a @p code < 0 that a call has returned which
 * waits for functions of the caller's, as filch_run(), filch_for() and
 * filch_map() do, for people: what the last such call in this thread was told
 * with filch_failf(), or filch_strerror() if nothing was. The string lives
 * until the next such call. In a task: what its own failure would say now.
 */
FILCH_API const char *filch_error_message(int code);

/** Any thread. Wait-free. The library's version, "0.1.0"; a static string. */
FILCH_API const char *filch_version(void);

/** @name Deadlines
 * One absolute value serves a whole loop of waits. A deadline in the past
 * (so also any negative one) means: look, do not wait.
 * @{ */
#define FILCH_POLL ((int64_t)0)              /**< do not wait */
#define FILCH_FOREVER INT64_MAX              /**< wait without limit */
#define FILCH_US(n) ((int64_t)(n)*1000)      /**< microseconds in ns */
#define FILCH_MS(n) ((int64_t)(n)*1000000)   /**< milliseconds in ns */
#define FILCH_S(n) ((int64_t)(n)*1000000000) /**< seconds in ns */

/** Any thread. Wait-free. The time now. */
FILCH_API int64_t filch_now(void);

/**
 * Any thread. Wait-free. The deadline @p duration_ns from now; saturates at
 * #FILCH_FOREVER, and a negative duration gives one that has passed.
 */
FILCH_API int64_t filch_after(int64_t duration_ns);
/** @} */

/** Why a task failed. The strings live as long as its future. */
struct filch_failure {
    int code;            /**< negative */
    const char *message; /**< from filch_failf(), or filch_strerror(code) */
    const char *task;    /**< the task's name: its option, or its function */
    const char *where;   /**< "file.c:12" of the submit; "" if unknown */
};

/** @name In a task
 * @{ */

/**
 * The running task. Wait-free (a relaxed load, and one of its token if it has
 * one).
 * Nonzero once the task should end early: its executor was told to stop
 * running tasks (#FILCH_STOP_RUNNING), or its token is cancelled. A long task
 * asks now and then.
 */
FILCH_API int filch_stopping(const filch_ctx *cx);

/**
 * The running task. Allocates. Records why the task is about to fail and
 * returns @p code, so that `return filch_failf(cx, -EIO, "%s", path);` reads
 * well. The last call before the task returns counts. Out of memory, the code
 * stays and the message is lost. A @p code >= 0 is recorded as -EINVAL.
 */
FILCH_API int filch_failf(filch_ctx *cx, int code, const char *format, ...)
    FILCH_PRINTF(3, 4);

/** The running task. Wait-free. The executor it runs on: borrowed. */
FILCH_API filch_executor *filch_ctx_executor(const filch_ctx *cx);

/**
 * The running task. Wait-free. A small number that no other running task of
 * the executor has at this moment: 0 to workers + spares - 1, for per-worker
 * tables. -1 when an outside thread runs the task (filch_future_help(), or
 * #FILCH_RUN_HERE).
 */
FILCH_API int filch_ctx_worker(const filch_ctx *cx);

/** The running task. Wait-free. The task's name, as in filch_failure. */
FILCH_API const char *filch_ctx_name(const filch_ctx *cx);

/**
 * Any thread. Lock-free, may start a thread. From here to the matching
 * filch_blocking_leave() the calling task may block in a way that filch
 * cannot see (a read, a lock, a child process): a spare worker takes its
 * place if there is work for it. Nests. Does nothing outside a worker.
 */
FILCH_API void filch_blocking_enter(void);

/** The thread that entered. Wait-free. Aborts without a matching enter. */
FILCH_API void filch_blocking_leave(void);

/** For #filch_blocking and filch_with(): a name of its own for each line, so
 * that blocks nest without hiding each other's. */
#define FILCH_UNIQUE(prefix) FILCH_PASTE(prefix, __LINE__)
/** For #FILCH_UNIQUE. */
#define FILCH_PASTE(a, b) FILCH_PASTE_(a, b)
/** For #FILCH_UNIQUE. */
#define FILCH_PASTE_(a, b) a##b

#if defined(__GNUC__)
/** For #filch_blocking. */
struct filch_blocking_scope {
    int once; /**< the block has still to run */
};
/** For #filch_blocking. */
static inline struct filch_blocking_scope filch_blocking_open(void)
{
    struct filch_blocking_scope scope = {1};
    filch_blocking_enter();
    return scope;
}
/** For #filch_blocking. */
static inline void filch_blocking_close(struct filch_blocking_scope *scope)
{
    (void)scope;
    filch_blocking_leave();
}
/**
 * `filch_blocking { n = read(fd, buf, size); }`: the block is bracketed by
 * filch_blocking_enter() and filch_blocking_leave(), on every way out of it
 * (`break` leaves the block).
 */
#define filch_blocking                                                         \
    for (struct filch_blocking_scope FILCH_UNIQUE(filch_scope_)                \
             __attribute__((cleanup(filch_blocking_close))) =                  \
                 filch_blocking_open();                                        \
         FILCH_UNIQUE(filch_scope_).once; FILCH_UNIQUE(filch_scope_).once = 0)
#endif
/** @} */

#ifdef __cplusplus
}
#endif
#endif
