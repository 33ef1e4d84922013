/* SPDX-License-Identifier: MIT */
#include "task/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "concurrent/spin.h"
#include "concurrent/time.h"
#include "platform/check.h"
#include "platform/error.h"
#include "platform/futex.h"
#include "task/ctx.h"
#include "task/hook.h"
#include "task/plan.h"
#include "task/report.h"

_Static_assert(sizeof(filch_future) == FL_CACHE_LINE, "one line");
_Static_assert(offsetof(filch_future, result) % 16 == 0, "any type");
int fl_task_take_options(filch_future *task, const struct fl_order *order)
{
    const struct filch_submit_options *options = order->options;
    size_t bytes = options->arg_bytes;
    void *copy = fl_task_extra(task)->copy;
    if (order->also) {
        fl_task_retain(task);
        *order->also = task;
    }
    if (bytes > FILCH_ARG_INLINE) {
        copy = malloc(bytes);
        if (!copy)
            return -ENOMEM;
        task->flags |= FL_ARG_HEAP;
    }
    if (bytes)
        task->todo.arg = memcpy(copy, order->arg, bytes);
    if (options->arg_destroy) {
        task->todo.arg_destroy = options->arg_destroy;
        task->flags |= FL_ARG_DESTROY;
    }
    if (options->name) {
        task->flags |= FL_NAMED;
        fl_task_extra(task)->name = options->name;
    }
    if (!fl_order_is_wide(order))
        return 0;
    task->flags |= FL_WIDE;
    return fl_plan_init(task, options); /* last: it can be cancelled now */
}

/* One with a plan may be about to be cancelled. */
static bool is_unmade_in_time(filch_future *task)
{
    if (!(task->flags & FL_WIDE))
        return true;
    if (!fl_task_claim(task))
        return false;
    fl_plan_leave(task);
    return true;
}

bool fl_task_unmake(filch_future *task, unsigned references)
{
    bool is_unmade = is_unmade_in_time(task);
    if (is_unmade && (task->flags & FL_ARG_HEAP))
        free(task->todo.arg);
    for (unsigned i = 0; i < (is_unmade ? references : 1); i++)
        fl_task_release(task);
    return is_unmade;
}

/* How the argument of a task ends. */
struct arg_end {
    void *arg;
    void (*destroy)(void *); /* if FL_ARG_DESTROY */
};

__attribute__((noinline)) static void drop_arg_slow(
    const filch_future *task, struct arg_end end)
{
    if (task->flags & FL_ARG_DESTROY)
        end.destroy(end.arg);
    if (task->flags & FL_ARG_HEAP)
        free(end.arg);
}

static inline struct arg_end arg_end_of(const filch_future *task)
{
    return (struct arg_end){task->todo.arg, task->todo.arg_destroy};
}

static inline void drop_arg(const filch_future *task, struct arg_end end)
{
    if (task->flags & (FL_ARG_DESTROY | FL_ARG_HEAP))
        drop_arg_slow(task, end);
}

/* For refusals without memory to tell of them: shared, never freed. */
static filch_future *refused_without_memory(void)
{
    static filch_future task = {.state = FL_FAILED | FL_READ | FL_REFERENCE,
        .flags = FL_STRAY,
        .site = "?\0",
        .failure.code = -ENOMEM};
    fl_task_retain(&task);
    return &task;
}

static void make_refused(filch_future *task, const struct fl_order *order,
    int code, char *message, struct fl_home *home)
{
    fl_task_init(task, order, 1);
    task->flags = FL_STRAY;
    if (!task->site)
        task->site = "?\0";
    if (home)
        fl_arena_retain(&home->arena);
    task->failure.home = home;
    task->failure.code = code;
    task->failure.message = message;
    if (order->options && order->options->name) {
        task->flags |= FL_NAMED;
        fl_task_extra(task)->name = order->options->name;
    }
    store_relaxed(&task->state, FL_FAILED | FL_REFERENCE);
}

filch_future *fl_task_refused(
    const struct fl_order *order, int code, char *message, struct fl_home *home)
{
    filch_future *task = aligned_alloc(FL_CACHE_LINE, FL_BIG_TASK_BYTES);
    if (task)
        make_refused(task, order, code, message, home);
    else
        free(message);
    if (order->options && order->options->arg_destroy)
        order->options->arg_destroy(order->arg);
    return task ? task : refused_without_memory();
}

/* Nobody else has a reference. */
static void report_if_unread(filch_future *task, uint32_t state)
{
    struct filch_failure failure;
    if (state & FL_READ)
        return;
    fl_task_failure(task, &failure);
    fl_report(fl_report_home(task), &failure);
}

static void free_stray(filch_future *task)
{
    if (task->failure.home)
        fl_arena_release(&task->failure.home->arena);
    free(task);
}

static void free_unusual(filch_future *task)
{
    if (task->flags & FL_STRAY) {
        free_stray(task);
        return;
    }
    fl_plan_free(task);
    fl_slab_free(task);
}

__attribute__((noinline)) static void end_failure(
    filch_future *task, uint32_t state)
{
    report_if_unread(task, state);
    free(task->failure.message);
}

static inline void free_task(filch_future *task, uint32_t state)
{
    if (fl_phase(state) == FL_FAILED)
        end_failure(task, state);
    store_relaxed(&task->state, FL_FREE);
    if (task->flags & (FL_STRAY | FL_WIDE))
        free_unusual(task);
    else
        fl_slab_free(task);
}

void fl_task_retain(filch_future *task)
{
    /* relaxed: the caller has a reference, which keeps it alive */
    uint32_t state = fetch_add_relaxed(&task->state, FL_REFERENCE);
    FL_CHECK(fl_references(state) - 1 < UINT32_MAX / FL_REFERENCE - 1, state);
    (void)state;
}

void fl_task_release(filch_future *task)
{
    /* acquire: pairs with the release of the other references [TASK-free] */
    uint32_t state = load_acquire(&task->state);
    FL_DEBUG_CHECK(
        fl_phase(state) != FL_FREE && fl_references(state) > 0, state);
    if (fl_references(state) > 1) {
        /* acq_rel: the last one sees what all others did [TASK-free] */
        state = fetch_sub_acq_rel(&task->state, FL_REFERENCE);
        if (fl_references(state) > 1)
            return;
    }
    free_task(task, state);
}

/*
 * The end of a task: [TASK-finish]. With `owned`, the step that makes it
 * final also gives up the finisher's reference, so that it is the last access
 * to the task; only if there are hooks the reference is kept until they have
 * been told, by end_with_hooks(). False: the phase was not `from`.
 */
static bool make_final(
    filch_future *task, uint32_t from, uint32_t to, bool owned, bool *has_hooks)
{
    uint32_t state = load_relaxed(&task->state);
    uint32_t next;
    do {
        if (fl_phase(state) != from)
            return false;
        next = (state & ~FL_PHASE) | to;
        if (owned && !(state & FL_HOOKS))
            next -= FL_REFERENCE;
        /* acq_rel: waiters see the outcome; if ours was the last reference,
         * we see what the others did [TASK-free] */
    } while (!cas_weak_acq_rel(&task->state, &state, next));
    if (state & FL_WAITERS) /* the task may be gone: only its address */
        fl_futex_wake(&task->state, INT32_MAX);
    *has_hooks = state & FL_HOOKS;
    if (owned && fl_references(next) == 0)
        free_task(task, next);
    return true;
}

static void end_with_hooks(filch_future *task, bool owned)
{
    fl_hook_fire_all(task);
    if (owned)
        fl_task_release(task);
}

bool fl_task_cancel(filch_future *task)
{
    bool has_hooks = false;
    if (!make_final(task, FL_PENDING, FL_CANCELLED, false, &has_hooks))
        return false;
    if (task->flags & FL_WIDE)
        fl_plan_leave(task);
    drop_arg(task, arg_end_of(task));
    if (has_hooks) /* last: a callback may give up the caller's reference */
        end_with_hooks(task, false);
    return true;
}

void fl_task_fail(filch_future *task, int code, char *message, bool owned)
{
    bool has_hooks = false;
    if (task->flags & FL_WIDE)
        fl_plan_leave(task);
    drop_arg(task, arg_end_of(task));
    task->failure.code = code;
    task->failure.message = message;
    make_final(task, FL_RUNNING, FL_FAILED, owned, &has_hooks);
    if (has_hooks)
        end_with_hooks(task, owned);
}

/* The signatures other than filch_task. */
static int invoke_plain(
    const filch_future *task, filch_any_fn fn, void *arg, void *result)
{
    void *pointer;
    int value;
    switch (task->kind) {
    case FILCH_FN_POINTER:
        pointer = ((void *(*)(void *))fn)(arg);
        memcpy(result, &pointer, sizeof pointer);
        return 0;
    case FILCH_FN_INT:
        value = ((int (*)(void *))fn)(arg);
        memcpy(result, &value, sizeof value);
        return value;
    default:
        ((void (*)(void *))fn)(arg);
        return 0;
    }
}

/* Any of them, of a task that may have a larger result. */
__attribute__((noinline)) static int invoke_wide(
    struct fl_run *run, filch_future *task, filch_any_fn fn, void *arg)
{
    struct fl_plan *plan = fl_task_plan(task);
    void *result = plan->result ? plan->result : task->result;
    fl_plan_leave(task);
    if (task->kind == FILCH_FN_TASK)
        return ((filch_task *)fn)(run->position, arg, result);
    return invoke_plain(task, fn, arg, result);
}

static inline int invoke(
    struct fl_run *run, filch_future *task, filch_any_fn fn, void *arg)
{
    if (task->kind == FILCH_FN_TASK && !(task->flags & FL_WIDE))
        return ((filch_task *)fn)(run->position, arg, task->result);
    return task->flags & FL_WIDE ? invoke_wide(run, task, fn, arg)
                                 : invoke_plain(task, fn, arg, task->result);
}

/* What the function said: the phase. */
static uint32_t settle(struct fl_run *run, filch_future *task, int rc)
{
    if (rc >= 0) {
        fl_run_put_message(run, NULL);
        return FL_DONE;
    }
    task->failure.code = rc;
    task->failure.message = fl_run_take_message(run);
    return FL_FAILED;
}

static void end_with_callbacks(
    struct fl_run *run, filch_future *task, bool owned)
{
    if (run->stop_looking)
        run->stop_looking();
    end_with_hooks(task, owned);
    /* of a fork or a loop in a callback: nobody's */
    fl_run_put_message(run, NULL);
}

/* Is the queue's reference the last one? Then there is nobody to tell. */
static inline bool is_forsaken(filch_future *task, bool owned)
{
    /* acquire: pairs with the release of the other references [TASK-free] */
    return owned && fl_references(load_acquire(&task->state)) == 1;
}

void fl_task_unclaim(filch_future *task)
{
    uint32_t state = load_relaxed(&task->state);
    /* release: with what is to be done; pairs with make_final(), for who
     * cancels it */
    while (!cas_weak_release(
        &task->state, &state, (state & ~FL_PHASE) | FL_PENDING))
        ;
}

/* Instead of an end: what is to be done is put back. */
static void run_again(
    struct fl_run *run, filch_future *task, filch_any_fn fn, struct arg_end end)
{
    fl_run_put_message(run, NULL);
    task->todo.fn = fn;
    task->todo.arg = end.arg;
    task->todo.arg_destroy = end.destroy;
    fl_plan_repeat(task);
    if (run->is_looking)
        store_relaxed(run->is_looking, true);
}

/* Of a task that has a plan, or whose argument has an end. False: it is to run
 * again. */
__attribute__((noinline)) static bool end_unusual(struct fl_run *run,
    filch_future *task, filch_any_fn fn, struct arg_end end, int rc)
{
    if (rc == 0 && (task->flags & FL_WIDE) && fl_plan_repeats(task)) {
        run_again(run, task, fn, end);
        return false;
    }
    drop_arg(task, end);
    return true;
}

static bool has_large_result(const filch_future *task)
{
    return (task->flags & FL_WIDE) && fl_task_plan(task)->result;
}

size_t fl_task_result_bytes(const filch_future *task)
{
    return has_large_result(task) ? fl_task_plan(task)->result_bytes
                                  : FILCH_RESULT_MAX;
}

const void *fl_task_result(const filch_future *task)
{
    return has_large_result(task) ? fl_task_plan(task)->result : task->result;
}

void fl_task_run(struct fl_run *run, filch_future *task, bool owned)
{
    /* What is to be done makes room for the result. */
    filch_any_fn fn = task->todo.fn;
    struct arg_end end = arg_end_of(task);
    uint32_t phase = FL_DONE;
    bool has_hooks = false;
    memset(task->result, 0, sizeof task->result);
    int rc = invoke(run, task, fn, end.arg);
    run->task = NULL; /* the object may be another task's soon: strand.c */
    if ((task->flags & (FL_ARG_DESTROY | FL_ARG_HEAP | FL_WIDE)) &&
        !end_unusual(run, task, fn, end, rc))
        return;
    if (rc < 0 || run->message)
        phase = settle(run, task, rc);
    /* relaxed: whoever sees the end of the task sees it [WAKE-looking] */
    if (run->is_looking)
        store_relaxed(run->is_looking, true);
    if (is_forsaken(task, owned)) {
        free_task(task, phase);
        return;
    }
    make_final(task, FL_RUNNING, phase, owned, &has_hooks);
    if (has_hooks)
        end_with_callbacks(run, task, owned);
}

const char *fl_task_name(const filch_future *task)
{
    return task->flags & FL_NAMED ? fl_task_extra(task)->name : task->site;
}

const char *fl_task_where(const filch_future *task)
{
    return task->site + strlen(task->site) + 1;
}

void fl_task_failure(filch_future *task, struct filch_failure *failure)
{
    int code = task->failure.code;
    const char *message = task->failure.message;
    failure->code = code;
    failure->message = message ? message : fl_error_text(code);
    failure->task = fl_task_name(task);
    failure->where = fl_task_where(task);
}

static _Thread_local struct fl_spin spin
    __attribute__((tls_model("initial-exec")));

/* Says that we will sleep; the state as it then is. */
static uint32_t announce(filch_future *task)
{
    /* acquire: the outcome, if it is final by now [TASK-finish] */
    return fetch_or_acq_rel(&task->state, FL_WAITERS) | FL_WAITERS;
}

static int sleep_on(filch_future *task, int64_t deadline)
{
    uint32_t state = announce(task);
    int rc = 0;
    while (!fl_is_final(state)) {
        if (rc == -ETIMEDOUT)
            return rc;
        rc = fl_time_wait(&task->state, state, deadline);
        /* acquire: pairs with finish [TASK-finish] */
        state = load_acquire(&task->state);
    }
    return 0;
}

int fl_task_wait(filch_future *task, int64_t deadline)
{
    struct fl_spin_wait wait;
    if (fl_task_is_final(task))
        return 0;
    if (fl_time_is_past(deadline))
        return -ETIMEDOUT;
    fl_spin_begin(&wait, &spin);
    while (fl_spin_once(&wait))
        if (fl_task_is_final(task))
            return 0;
    int rc = sleep_on(task, deadline);
    fl_spin_end_sleep(&wait);
    return rc;
}
