/* SPDX-License-Identifier: MIT */
/**
 * @file executor.h
 * An executor: workers that run submitted tasks, and steal from each other.
 *
 *     filch_with (ex, .workers = 5) {
 *         filch_future *f = filch_submit(ex, count_words, "README.md");
 *         ...
 *     }   // shut down and joined on every way out of the block
 *
 * Promise: an accepted task runs exactly once or is cancelled exactly once,
 * and its future says which; a worker that waits never runs a task that it
 * does not wait for; an idle executor makes no system call.
 * The protocols and their arguments are in src/sched/README.md.
 */
#ifndef FILCH_EXECUTOR_H
#define FILCH_EXECUTOR_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a submit does when filch_config.queue_limit tasks are waiting. */
enum filch_when_full {
    FILCH_BLOCK,       /**< wait for room; in a task: queue it all the same */
    FILCH_REJECT,      /**< fail with -EAGAIN */
    FILCH_RUN_HERE,    /**< run the task in the submitting thread */
    FILCH_DROP_OLDEST, /**< fail one that waits with FILCH_EDROPPED */
};

/** filch_config.queue_limit: no bound. */
#define FILCH_UNBOUNDED SIZE_MAX
/** filch_config.spares: no spare threads. */
#define FILCH_NO_SPARES (-1)

/**
 * How an executor is opened. Zero is the default of every field. All that it
 * points to is borrowed until the executor's last worker has ended; `name`
 * only during the call.
 */
struct filch_config {
    /** Workers are named name_0, name_1, ... Default: one unique in the
     * process. Cut to fit the 15 bytes of a thread's name. */
    const char *name;
    /** Tasks that run at the same time, 1 to #FILCH_WORKERS_MAX.
     * Default: FILCH_WORKERS of the environment, else the CPUs that the
     * process may use (affinity and cgroup quotas). */
    int workers;
    /** Threads beyond `workers` that may take the places of tasks that
     * block. Default 64; #FILCH_NO_SPARES for none. */
    int spares;
    /** A worker's stack. Default 32 MiB of address space: a recursion of
     * 100,000 small frames. Below it are 1 MiB without access: a worker that
     * overflows its stack dies of SIGSEGV there, after a line on stderr that
     * says so, with its name and the task. For that line the library handles
     * SIGSEGV, from the first worker of the process on, but only if nobody
     * else does then: it leaves a handler, or SIG_IGN, alone and says nothing.
     * A handler that is installed later may call the one it replaces. */
    size_t stack_bytes;
    /** Most tasks that wait to be started, counting those from outside the
     * workers; when it is nearly reached, threads that submit at the same
     * moment may each exceed it by one. Default 65,536; #FILCH_UNBOUNDED for
     * none. */
    size_t queue_limit;
    /** What a submit does then. */
    enum filch_when_full when_full;
    /** Zero. */
    int reserved;
    /** Runs in each worker before its first task. A negative value, with
     * filch_failf() for the reason, breaks the executor: all that waits and
     * all that comes fails with #FILCH_EBROKEN. */
    int (*on_start)(filch_ctx *cx, void *data);
    /** Runs in each worker that started, after its last task. */
    void (*on_stop)(filch_ctx *cx, void *data);
    /** Called, from whichever thread is there, with each failure that nobody
     * will read otherwise: a failed future released unread, a failing
     * callback or start hook, nonsense in the environment. Must not block.
     * Can come as long as a future of the executor lives.
     * Default: a line on stderr. */
    void (*on_unobserved)(void *data, const struct filch_failure *failure);
    /** The hooks' data. */
    void *data;
};

/** filch_executor_open(), told the size of the caller's struct filch_config:
 * a longer one (a newer caller) is accepted if what is unknown is zero. */
FILCH_API int filch_executor_open_sized(
    filch_executor **ex, const struct filch_config *config, size_t size);

/**
 * Any thread. Allocates; starts no thread yet (workers start when there is
 * work). Opens an executor; the caller owns it: filch_executor_close().
 * @param ex      receives the handle, or NULL
 * @param config  NULL for the defaults
 * @return 0; -EINVAL (null @p ex, a field out of range); -E2BIG (fields that
 *         this library does not know); -ENOMEM
 */
static inline int filch_executor_open(
    filch_executor **ex, const struct filch_config *config)
{
    return filch_executor_open_sized(ex, config, sizeof(struct filch_config));
}

/**
 * Any thread. The executor of the process, opened at the first call with the
 * defaults, shut down when the process ends (as all are that are still open:
 * what was accepted is finished, for at most FILCH_EXIT_WAIT seconds, if the
 * environment sets that; running tasks are told to stop). Borrowed: closing or
 * shutting it down is -EPERM. If it cannot be opened: one that refuses every
 * task with the reason.
 */
FILCH_API filch_executor *filch_default(void);

/** @name Flags of filch_executor_shutdown()
 * @{ */
#define FILCH_FINISH 0U         /**< run what is queued */
#define FILCH_CANCEL_PENDING 1U /**< cancel what has not started */
#define FILCH_STOP_RUNNING 2U   /**< filch_stopping() turns true */
/** @} */

/**
 * Any thread. Blocks until the deadline. Refuses new tasks from now on
 * (#FILCH_ESHUTDOWN), treats those it has as @p flags say, and waits until
 * every worker has ended. Idempotent; may be repeated with stronger flags.
 * With #FILCH_POLL it only starts that, and may then be called in a task.
 * @return 0: all workers have ended; -ETIMEDOUT: not yet; -EDEADLK: called,
 *         with a wait, by a worker of this executor (nothing is done);
 *         -EINVAL: null, unknown flags; -EPERM: the default executor;
 *         #FILCH_EFORKED
 */
FILCH_API int filch_executor_shutdown(
    filch_executor *ex, unsigned flags, int64_t deadline);

/**
 * Any thread but a worker of @p ex. Blocks. Shuts down with #FILCH_FINISH,
 * waits for every worker's end, and frees the executor; the handle is gone.
 * Futures live on. NULL is allowed.
 * @return 0; -EDEADLK or -EPERM as in shutdown: the handle is still good;
 *         #FILCH_EFORKED: so it stays, in a child of fork()
 */
FILCH_API int filch_executor_close(filch_executor *ex);

/**
 * Any thread, also a worker of @p ex. Does not block. Gives the handle up
 * without waiting: as close, but what is queued is still run, by workers that
 * end and free the executor by themselves. No thread may be in a call with
 * the handle. NULL is allowed.
 * @return 0; -EPERM: the default executor; #FILCH_EFORKED
 */
FILCH_API int filch_executor_release(filch_executor *ex);

/** Any thread. Wait-free. Workers it was opened with; 0 once it is shut down
 * or broken. */
FILCH_API int filch_executor_workers(const filch_executor *ex);

/** Any thread. Wait-free. Threads it has at this moment, spares included. */
FILCH_API int filch_executor_threads(const filch_executor *ex);

/** Any thread. Lock-free. Tasks that wait to be started: an estimate while
 * others submit. Entries cancelled or claimed count until a worker meets
 * them. */
FILCH_API size_t filch_executor_pending(const filch_executor *ex);

/** @name Submitting
 * `filch_submit(ex, fn, arg)`, `filch_submit_with(&f, ex, fn, arg, &options)`
 * and `filch_submit_many(fs, ex, fn, args, stride, count, &options)` are
 * macros that record the function's name and the place of the submit. `fn` is
 * a ::filch_task, or unchanged one of
 * - `void *(*)(void *)`: the pointer is the result;
 * - `int (*)(void *)`: the int is the result, and a failure if negative;
 * - `void (*)(void *)`: no result.
 * @{ */

/** Options of a submit; zero is the default of every field. */
struct filch_submit_options {
    /** Name for failures and dumps, borrowed as long as the future lives.
     * Default: the function's. */
    const char *name;
    /** Nonzero: the task gets a copy of this many bytes at `arg`, made during
     * the call; up to #FILCH_ARG_INLINE without an allocation. Zero: it gets
     * the pointer itself. The copy's alignment is 16. */
    size_t arg_bytes;
    /** Called with what the task gets (or would have got), exactly once,
     * when filch is through with it: after the task, its cancellation, or the
     * refusal of the submit (then during the call, with the caller's `arg`). */
    void (*arg_destroy)(void *arg);
    /** What cancels the task. Default: the token of the task that submits it,
     * if there is one; #FILCH_NO_TOKEN for none. The task keeps a reference. */
    filch_token *token;
    /** A deadline: the task has a token of its own then, below the one above.
     * 0: none. Allocates. */
    int64_t deadline;
    /** Not started before that time; 0: at once. Until then it is in no queue
     * and counts for no bound, and only a worker runs it, not whoever waits
     * for it. A shutdown cancels those whose time has not come. */
    int64_t not_before;
    /** Fails with #FILCH_EEXPIRED if it has not started by that time. 0:
     * none. */
    int64_t start_by;
    /** Nonzero: run again each so many ns after the first time (not_before,
     * or now), as long as it returns 0; a time that passes while it runs is
     * left out. The future is pending between runs, and done when one returns
     * more than 0, failed, cancelled. filch_future_cancel() while it runs:
     * this was the last run. Not together with start_by. */
    int64_t period;
    /** Bytes of result, if it is to be more than #FILCH_RESULT_MAX.
     * Allocates. */
    size_t result_bytes;
};

/** Which of the accepted signatures a function has. */
enum filch_fn_kind {
    FILCH_FN_TASK,    /**< ::filch_task */
    FILCH_FN_POINTER, /**< void *(*)(void *) */
    FILCH_FN_INT,     /**< int (*)(void *) */
    FILCH_FN_VOID,    /**< void (*)(void *) */
};

/** Any of the accepted functions, cast. */
typedef void (*filch_any_fn)(void);

/**
 * Any thread. May block when the queue is full (#FILCH_BLOCK), never in a
 * task. Lock-free in a worker; a short lock per group of threads elsewhere.
 * Allocates only when the executor's slabs grow.
 * @return a future, never NULL (filch_future_release() it): if the task is
 *         refused, it has failed with the reason: -EINVAL, -ENOMEM, -EAGAIN
 *         (the queue is full; or no thread to watch times), #FILCH_ESHUTDOWN,
 *         #FILCH_EBROKEN, #FILCH_EFORKED
 */
FILCH_API filch_future *filch_submit_call(filch_executor *ex, filch_any_fn fn,
    const char *site, enum filch_fn_kind kind, void *arg);

/**
 * As filch_submit_call(), with options; @p future may be NULL: nobody will
 * ask for the outcome (cheaper; a failure goes to on_unobserved). *future is
 * set before the task can start: it may lie where the task looks.
 * @return 0; the reason of a refusal: *future is then NULL; -E2BIG: options
 *         that this library does not know
 */
FILCH_API int filch_submit_call_with(filch_future **future, filch_executor *ex,
    filch_any_fn fn, const char *site, enum filch_fn_kind kind, void *arg,
    const struct filch_submit_options *options, size_t options_size);

/**
 * Submits @p count tasks in one pass over the queue: task i gets the pointer
 * (or a copy of) `args + i * stride`. With @p futures, each entry is set, as
 * by filch_submit().
 * @return 0; the reason of the first refusal
 */
FILCH_API int filch_submit_call_many(filch_future **futures, filch_executor *ex,
    filch_any_fn fn, const char *site, enum filch_fn_kind kind, void *args,
    size_t stride, size_t count, const struct filch_submit_options *options,
    size_t options_size);

/** For #FILCH_SITE. */
#define FILCH_STRING_(x) #x
/** For #FILCH_SITE. */
#define FILCH_STRING(x) FILCH_STRING_(x)
/** The name and place that a failure reports: "name\0file:line". */
#define FILCH_SITE(fn) #fn "\0" __FILE__ ":" FILCH_STRING(__LINE__)

#ifdef __cplusplus
}

static inline enum filch_fn_kind filch_kind_of(filch_task *)
{
    return FILCH_FN_TASK;
}
static inline enum filch_fn_kind filch_kind_of(void *(*)(void *))
{
    return FILCH_FN_POINTER;
}
static inline enum filch_fn_kind filch_kind_of(int (*)(void *))
{
    return FILCH_FN_INT;
}
static inline enum filch_fn_kind filch_kind_of(void (*)(void *))
{
    return FILCH_FN_VOID;
}
/** For the submit macros: which of the accepted signatures `fn` has. */
#define FILCH_KIND(fn) filch_kind_of(fn)

extern "C" {
#else
/** For the submit macros: which of the accepted signatures `fn` has. */
#define FILCH_KIND(fn)                                                         \
    _Generic((fn), filch_task *                                                \
             : FILCH_FN_TASK, void *(*)(void *)                                \
             : FILCH_FN_POINTER, int (*)(void *)                               \
             : FILCH_FN_INT, void (*)(void *)                                  \
             : FILCH_FN_VOID)
#endif

/** For the submit macros: three arguments. */
#define FILCH_CALL(fn) (filch_any_fn)(fn), FILCH_SITE(fn), FILCH_KIND(fn)

/** See filch_submit_call(). */
#define filch_submit(ex, fn, arg)                                              \
    filch_submit_call((ex), FILCH_CALL(fn), (void *)(arg))

/** See filch_submit_call_with(). */
#define filch_submit_with(future, ex, fn, arg, options)                        \
    filch_submit_call_with((future), (ex), FILCH_CALL(fn), (void *)(arg),      \
        (options), sizeof(struct filch_submit_options))

/** See filch_submit_call_many(). */
#define filch_submit_many(futures, ex, fn, args, stride, count, options)       \
    filch_submit_call_many((futures), (ex), FILCH_CALL(fn), (void *)(args),    \
        (stride), (count), (options), sizeof(struct filch_submit_options))
/** @} */

#if defined(__GNUC__) && !defined(__cplusplus)
/** For #filch_with: as filch_executor_open(), but what went wrong is in the
 * futures of an executor that refuses every task. */
FILCH_API filch_executor *filch_with_open(
    const struct filch_config *config, size_t size);

/** For #filch_with. */
static inline void filch_with_close(filch_executor **ex)
{
    (void)filch_executor_close(*ex);
}

/**
 * `filch_with (ex) { ... }` or `filch_with (ex, .workers = 5) { ... }`: an
 * executor for the block, shut down (#FILCH_FINISH) and closed on every way
 * out of it (`break` leaves the block). The rest of the arguments initialise
 * a struct filch_config.
 * If it cannot be opened, the block runs with an executor that refuses every
 * task with the reason. C only.
 */
#define filch_with(...) FILCH_WITH_(__VA_ARGS__, .reserved = 0)
/** For #filch_with: there is always a field, even if the caller names none. */
#define FILCH_WITH_(ex, ...)                                                   \
    for (filch_executor * ex __attribute__((cleanup(filch_with_close))) =      \
             filch_with_open(&(struct filch_config){__VA_ARGS__},              \
                 sizeof(struct filch_config)),                                 \
                             *FILCH_UNIQUE(filch_once_) = ex;                  \
         FILCH_UNIQUE(filch_once_); FILCH_UNIQUE(filch_once_) = NULL)
#endif

#ifdef __cplusplus
}
#endif
#endif
