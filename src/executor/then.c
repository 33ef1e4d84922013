/* SPDX-License-Identifier: MIT */
/*
 * Then: a derived future that waits for one future after the other: its base,
 * the task of its handler, and what that has handed on.
 *
 * Whoever takes `source` out of it, under its lock, goes on with that: the
 * thread in which it became final (step), or the one in which the derived
 * future did (end). See src/task/README.md, [DERIVED].
 */
#include <filch/compose.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "executor/options.h"
#include "executor/run.h"
#include "sched/await.h"
#include "sched/guest.h"
#include "task/derived.h"
#include "task/report.h"

/* What `source` is. */
enum stage { BASE, HANDLER, HANDED_ON };

struct then {
    struct fl_derived derived;
    struct fl_hook hook; /* on the source; holds a reference to the derived */
    struct fl_due due;   /* that the source is final */
    /* The derived's lock guards these: */
    filch_future *source; /* a reference; NULL: somebody has taken it */
    enum stage stage;     /* and whoever has taken the source */
    bool is_over;         /* the derived future is final */
    /* Each written by whoever made the step: */
    filch_future *base;     /* for the handler: a reference */
    filch_future *task;     /* the handler's: a reference, for the hook */
    filch_future *next;     /* the handler's, then step's: handed on */
    filch_handler *handler; /* of what came of the base: step's */
    filch_handler *on_value, *on_failure; /* immutable */
    struct filch_token *token; /* immutable: the handler's; or NULL */
    void *arg;
    void (*arg_destroy)(void *);
    bool cancels_up;                  /* immutable */
    alignas(16) unsigned char copy[]; /* of the argument */
};

static struct then *of_derived(struct fl_derived *derived)
{
    return (void *)derived; /* the first member */
}
static struct then *of_hook(struct fl_hook *hook)
{
    return (void *)((char *)hook - offsetof(struct then, hook));
}
static struct then *of_due(struct fl_due *due)
{
    return (void *)((char *)due - offsetof(struct then, due));
}
static filch_future *future_of(struct then *then)
{
    return &then->derived.future;
}

static void destroy_arg(struct then *then)
{
    if (then->arg_destroy)
        then->arg_destroy(then->arg);
}

static bool fire(struct fl_hook *hook, filch_future *task)
{
    (void)task;
    fl_due_add(&of_hook(hook)->due);
    return false;
}

/* Takes the source out. */
static filch_future *take_source(struct then *then, bool is_over)
{
    fl_lock_take(&then->derived.lock);
    filch_future *source = then->source;
    then->source = NULL;
    then->is_over |= is_over;
    fl_lock_drop(&then->derived.lock);
    return source;
}

static void watch(struct then *then, filch_future *source)
{
    then->hook = (struct fl_hook){.fire = fire};
    if (fl_hook_add(source, &then->hook) == FL_HOOK_ARMED)
        return;
    (void)fl_hook_remove(source, &then->hook);
    fl_due_add(&then->due);
}

/* Waits for the source, whose reference it takes; the hook is hung on it under
 * the lock, so that whoever takes the source finds it there. False: it is
 * over, the reference is still the caller's. A handler is watched all the
 * same: it may hand something on. */
static bool follow(struct then *then, filch_future *source, enum stage stage)
{
    fl_lock_take(&then->derived.lock);
    bool is_over = then->is_over;
    then->stage = stage;
    if (!is_over)
        then->source = source;
    if (!is_over || stage == HANDLER)
        watch(then, source);
    fl_derived_tell(&then->derived);
    fl_lock_drop(&then->derived.lock);
    return !is_over;
}

static int run_handler(filch_ctx *cx, void *arg, void *result)
{
    struct then *then = arg;
    struct fl_run *run = fl_strand_current->innermost;
    if (fl_task_is_final(future_of(then)))
        return 0;
    run->handed_on = &then->next;
    int rc = then->handler(cx, then->base, then->arg, result);
    run->handed_on = NULL;
    return rc;
}

/* It has run, or will not. */
static void end_handler(void *arg)
{
    struct then *then = arg;
    destroy_arg(then);
    fl_task_release(then->base);
    fl_task_release(future_of(then));
}

int filch_hand_on(filch_ctx *cx, filch_future *f)
{
    struct fl_strand *strand = fl_strand_current;
    struct fl_run *run = strand ? strand->innermost : NULL;
    (void)cx;
    if (!f || !run || !run->handed_on)
        return -EINVAL;
    filch_future *before = *run->handed_on;
    fl_task_retain(f);
    *run->handed_on = f;
    if (before)
        fl_task_release(before);
    return 0;
}

/* Fails the derived future, unless it has been cancelled. */
static void fail(struct then *then, int code)
{
    if (!fl_promise_take(future_of(then)))
        fl_promise_fail(future_of(then), code, NULL);
}

/* Step: the base is final, and there is a handler for that. True: step comes
 * again. */
static bool start_handler(struct then *then, filch_future *base)
{
    const struct filch_submit_options options = {
        .name = fl_task_name(future_of(then)),
        .arg_destroy = end_handler,
        .token = then->token};
    const struct fl_order order = {.fn = (filch_any_fn)run_handler,
        .site = future_of(then)->site,
        .arg = then,
        .options = &options,
        .kind = FILCH_FN_TASK,
        .is_owed = true};
    filch_future *task;
    then->base = filch_future_retain(base);
    fl_task_retain(future_of(then));
    /* relaxed: only the last release looks at it, after this reference's */
    fetch_or_relaxed(&base->state, FL_READ);
    int rc = fl_guest_submit(then->derived.extra.stray.home, &order, &task);
    if (rc) {
        fail(then, rc);
        end_handler(then);
        return false;
    }
    then->task = filch_future_retain(task);
    if (!follow(then, task, HANDLER)) {
        (void)fl_task_cancel(task);
        fl_task_release(task);
    }
    return true;
}

/* Step. True: it comes again. */
static bool end_base(struct then *then, filch_future *base)
{
    uint32_t phase = fl_task_phase(base);
    bool is_over = fl_task_is_final(future_of(then));
    then->handler = phase == FL_DONE     ? then->on_value
                    : phase == FL_FAILED ? then->on_failure
                                         : NULL;
    if (then->handler && !is_over)
        return start_handler(then, base);
    fl_promise_pass(future_of(then), base);
    destroy_arg(then);
    return false;
}

/* Step: the handler has handed on a future. True: it comes again. */
static bool hand_on(struct then *then)
{
    filch_future *next = then->next;
    then->next = NULL;
    fl_derived_lock_graph();
    bool is_circle = fl_derived_reaches(next, &then->derived);
    bool goes_on = !is_circle && follow(then, next, HANDED_ON);
    fl_derived_unlock_graph();
    if (is_circle)
        fail(then, -EDEADLK);
    if (!goes_on)
        fl_task_release(next);
    return goes_on;
}

/* Step: the source is final. True: it comes again. */
static bool end_source(struct then *then, filch_future *source)
{
    if (then->stage == BASE)
        return end_base(then, source);
    if (then->stage == HANDLER && then->next &&
        fl_task_phase(source) == FL_DONE)
        return hand_on(then);
    fl_promise_pass(future_of(then), source);
    return false;
}

static void step(struct fl_due *due)
{
    struct then *then = of_due(due);
    filch_future *source = take_source(then, false);
    filch_future *ended = then->task;
    then->task = NULL;
    bool comes_again = source && end_source(then, source);
    filch_future_release(ended);
    filch_future_release(source);
    if (comes_again)
        return;
    /* of a handler that failed, or was too late */
    filch_future_release(then->next);
    fl_task_release(future_of(then));
}

/* The derived future is final: by step, or by being cancelled before. */
static void end(struct fl_derived *derived)
{
    struct then *then = of_derived(derived);
    filch_future *source = take_source(then, true);
    bool is_ours = false;
    if (!source)
        return; /* step has it, and ends what there is */
    /* not off a handler's task: that ends soon, and step is needed */
    if (then->stage != HANDLER)
        is_ours = fl_hook_remove(source, &then->hook);
    if (then->stage == HANDLER || then->cancels_up)
        (void)fl_task_cancel(source);
    if (then->stage == BASE)
        destroy_arg(then);
    fl_task_release(source);
    if (is_ours) /* else step is due, or will be, and does so */
        fl_task_release(future_of(then));
}

static filch_future *source_of(struct fl_derived *derived)
{
    struct then *then = of_derived(derived);
    fl_lock_take(&then->derived.lock);
    filch_future *source = filch_future_retain(then->source);
    fl_lock_drop(&then->derived.lock);
    return source;
}

static filch_future *input(struct fl_derived *derived, size_t i)
{
    return i ? NULL : source_of(derived);
}

static void destroy(struct fl_derived *derived)
{
    fl_token_release(of_derived(derived)->token);
}

static const struct fl_derived_kind kind = {source_of, input, end, destroy};

/* A handler's executor, else whoever hears of the base's failures. */
static struct fl_home *choose_home(filch_executor *ex, filch_future *base)
{
    return ex ? ex->backend->home(ex)
              : (struct fl_home *)(uintptr_t)fl_report_home(base);
}

static struct then *new_then(filch_future *base, filch_executor *ex,
    const char *site, const struct filch_then_options *options,
    unsigned references)
{
    struct fl_promise_order order = {.site = site,
        .name = options->name,
        .home = choose_home(ex, base),
        .bytes = sizeof(struct then) + options->arg_bytes,
        .references = references + 1}; /* the hook's */
    struct then *then = (void *)fl_derived_new(&kind, &order);
    if (!then)
        return NULL;
    memset((char *)then + sizeof then->derived, 0,
        sizeof *then - sizeof then->derived);
    then->due.run = step;
    then->arg_destroy = options->arg_destroy;
    then->token = fl_token_to_inherit();
    if (then->token)
        fl_token_retain(then->token);
    then->cancels_up = options->flags & FILCH_CANCEL_UP;
    return then;
}

static int check(filch_future *f, filch_executor *ex, bool has_handler,
    const void *arg, const struct filch_then_options *options)
{
    const struct fl_order none = {.options = NULL};
    if (!f || (has_handler && !ex) || options->flags & ~FILCH_CANCEL_UP ||
        options->arg_bytes >
            PTRDIFF_MAX - sizeof(struct then) - FL_CACHE_LINE ||
        (options->arg_bytes && !arg))
        return -EINVAL;
    if (fl_await_came_through_fork(f))
        return FILCH_EFORKED;
    /* Without a home it refuses everything. */
    if (ex && !ex->backend->home(ex))
        return ex->backend->submit(ex, &none, NULL);
    return 0;
}

int filch_then_call(filch_future **g, filch_future *f, filch_executor *ex,
    filch_handler *on_value, filch_handler *on_failure, void *arg,
    const char *site, const struct filch_then_options *options, size_t size)
{
    struct filch_then_options own;
    struct then *then = NULL;
    if (g)
        *g = NULL;
    int rc = fl_options_copy(&own, sizeof own, options, size);
    if (!rc)
        rc = check(f, ex, on_value || on_failure, arg, &own);
    if (!rc && !(then = new_then(f, ex, site, &own, g ? 1 : 0)))
        rc = -ENOMEM;
    if (rc) {
        if (own.arg_destroy)
            own.arg_destroy(arg);
        return rc;
    }
    then->on_value = on_value;
    then->on_failure = on_failure;
    then->arg = own.arg_bytes ? memcpy(then->copy, arg, own.arg_bytes) : arg;
    if (g)
        *g = future_of(then);
    (void)follow(then, filch_future_retain(f), BASE);
    fl_due_run();
    return 0;
}
