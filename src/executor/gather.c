/* SPDX-License-Identifier: MIT */
/*
 * All and any: derived futures with many inputs. Each input has a hook; the
 * first of them that settles the matter gives the verdict, once, and makes the
 * rest due. See src/task/README.md, [DERIVED].
 */
#include <filch/compose.h>

#include <errno.h>
#include <stdlib.h>

#include "sched/await.h"
#include "task/derived.h"
#include "task/report.h"

struct input {
    struct fl_hook hook;
    struct gather *gather; /* immutable */
    filch_future *task;    /* immutable: a reference */
};

/* A verdict that is no input's index. */
enum { ALL_DONE = -1, ALL_CANCELLED = -2, OVER = -3, NONE = -4 };

struct gather {
    struct fl_derived derived;
    struct fl_due due; /* the verdict; holds a reference to the derived */
    bool is_any;       /* immutable */
    size_t count;      /* immutable */
    _Atomic int64_t verdict;
    _Atomic int64_t last_failed; /* of any: an index, or NONE */
    _Atomic size_t left;         /* inputs that have not said "go on" */
    _Atomic unsigned gate; /* before due: the verdict, and all is set up */
    _Atomic size_t cursor; /* of all: those before it are final */
    struct input inputs[];
};

static struct gather *of_derived(struct fl_derived *derived)
{
    return (void *)derived; /* the first member */
}
static struct gather *of_due(struct fl_due *due)
{
    return (void *)((char *)due - offsetof(struct gather, due));
}
static filch_future *future_of(struct gather *gather)
{
    return &gather->derived.future;
}

static void pass_gate(struct gather *gather)
{
    /* acq_rel: the second one sees what the first did [DERIVED] */
    if (fetch_sub_acq_rel(&gather->gate, 1) == 1)
        fl_due_add(&gather->due);
}

static bool win_verdict(struct gather *gather, int64_t verdict)
{
    int64_t none = NONE;
    /* acq_rel: with what was seen of the inputs [DERIVED] */
    return cas_acq_rel(&gather->verdict, &none, verdict);
}

static void decide(struct gather *gather, int64_t verdict)
{
    if (win_verdict(gather, verdict))
        pass_gate(gather);
}

/* One more that leaves the matter open. */
static void count_down(struct gather *gather)
{
    /* acq_rel: the last one sees what all others said [DERIVED] */
    if (fetch_sub_acq_rel(&gather->left, 1) > 1)
        return;
    if (!gather->is_any) {
        decide(gather, ALL_DONE);
        return;
    }
    int64_t failed = load_relaxed(&gather->last_failed);
    decide(gather, failed == NONE ? ALL_CANCELLED : failed);
}

/* The input is final. */
static void look_at(struct input *input)
{
    struct gather *gather = input->gather;
    uint32_t phase = fl_task_phase(input->task);
    int64_t index = input - gather->inputs;
    if ((phase == FL_DONE) == gather->is_any) {
        decide(gather, index);
        return;
    }
    if (phase == FL_FAILED) /* relaxed: count_down() orders it */
        store_relaxed(&gather->last_failed, index);
    count_down(gather);
}

static bool fire(struct fl_hook *hook, filch_future *task)
{
    (void)task;
    look_at((struct input *)(void *)hook); /* the first member */
    return false;
}

/* No input is needed any more. */
static void let_go(struct gather *gather)
{
    for (size_t i = 0; i < gather->count; i++)
        (void)fl_hook_remove(gather->inputs[i].task, &gather->inputs[i].hook);
    for (size_t i = 0; i < gather->count; i++)
        (void)fl_task_cancel(gather->inputs[i].task);
}

/* As one of the inputs: any is done by that, all is not. */
static void end_as(struct gather *gather, size_t index)
{
    filch_future *input = gather->inputs[index].task;
    filch_future *future = future_of(gather);
    if (fl_task_phase(input) != FL_DONE)
        fl_promise_pass(future, input);
    else if (!fl_promise_take(future))
        fl_promise_done(future, &index, sizeof index);
}

/* Acts by the verdict, unless the derived future has been cancelled. Who sees
 * that final sees the inputs let go. */
static void settle(struct fl_due *due)
{
    struct gather *gather = of_due(due);
    filch_future *future = future_of(gather);
    /* relaxed: after the gate */
    int64_t verdict = load_relaxed(&gather->verdict);
    if (verdict != ALL_DONE)
        let_go(gather);
    if (verdict >= 0)
        end_as(gather, (size_t)verdict);
    else if (verdict == ALL_CANCELLED)
        (void)fl_task_cancel(future);
    else if (!fl_promise_take(future))
        fl_promise_done(future, NULL, 0);
    fl_task_release(future);
}

/* There may be no verdict before its end if it has been cancelled. */
static void end(struct fl_derived *derived)
{
    struct gather *gather = of_derived(derived);
    if (fl_task_phase(future_of(gather)) != FL_CANCELLED)
        return;
    bool no_verdict = win_verdict(gather, OVER);
    let_go(gather);
    if (no_verdict) /* else settle() does so, or has */
        fl_task_release(future_of(gather));
}

static filch_future *input(struct fl_derived *derived, size_t i)
{
    struct gather *gather = of_derived(derived);
    return i < gather->count ? filch_future_retain(gather->inputs[i].task)
                             : NULL;
}

static filch_future *source_of_all(struct fl_derived *derived)
{
    struct gather *gather = of_derived(derived);
    /* relaxed: whoever is behind only looks again */
    size_t i = load_relaxed(&gather->cursor);
    while (i < gather->count && fl_task_is_final(gather->inputs[i].task))
        i++;
    store_relaxed(&gather->cursor, i);
    return input(derived, i);
}

static filch_future *source_of_any(struct fl_derived *derived)
{
    (void)derived;
    return NULL;
}

static void destroy(struct fl_derived *derived)
{
    struct gather *gather = of_derived(derived);
    for (size_t i = 0; i < gather->count; i++)
        fl_task_release(gather->inputs[i].task);
}

static const struct fl_derived_kind all_kind = {
    source_of_all, input, end, destroy};
static const struct fl_derived_kind any_kind = {
    source_of_any, input, end, destroy};

/* The first home there is among them. */
static struct fl_home *choose_home(filch_future *const *fs, size_t count)
{
    const struct fl_home *home = NULL;
    for (size_t i = 0; i < count && !home; i++)
        home = fl_report_home(fs[i]);
    return (struct fl_home *)(uintptr_t)home;
}

static struct gather *new_gather(
    filch_future *const *fs, size_t count, const char *site, bool is_any)
{
    struct fl_promise_order order = {.site = site,
        .home = choose_home(fs, count),
        .bytes = sizeof(struct gather) + count * sizeof(struct input),
        .references = 2}; /* the caller's, the verdict's */
    struct gather *gather =
        (void *)fl_derived_new(is_any ? &any_kind : &all_kind, &order);
    if (!gather)
        return NULL;
    gather->due.run = settle;
    gather->is_any = is_any;
    gather->count = count;
    atomic_init(&gather->verdict, NONE);
    atomic_init(&gather->last_failed, NONE);
    atomic_init(&gather->left, count);
    atomic_init(&gather->gate, 2);
    atomic_init(&gather->cursor, 0);
    for (size_t i = 0; i < count; i++)
        gather->inputs[i] = (struct input){.hook = {.fire = fire},
            .gather = gather,
            .task = filch_future_retain(fs[i])};
    return gather;
}

static void watch(struct input *input)
{
    if (fl_hook_add(input->task, &input->hook) == FL_HOOK_ARMED)
        return;
    fl_hook_remove(input->task, &input->hook);
    look_at(input);
}

static int check(filch_future *const *fs, size_t count)
{
    if ((count && !fs) || count > PTRDIFF_MAX / (2 * sizeof(struct input)))
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (!fs[i])
            return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (fl_await_came_through_fork(fs[i]))
            return FILCH_EFORKED;
    return 0;
}

static int gather_all(filch_future **g, filch_future *const *fs, size_t count,
    const char *site, bool is_any)
{
    if (!g)
        return -EINVAL;
    *g = NULL;
    int rc = check(fs, count);
    if (rc)
        return rc;
    struct gather *gather = new_gather(fs, count, site, is_any);
    if (!gather)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        watch(&gather->inputs[i]);
    if (!count)
        decide(gather, ALL_DONE);
    *g = future_of(gather);
    pass_gate(gather);
    fl_due_run();
    return 0;
}

int filch_all_call(
    filch_future **g, filch_future *const *fs, size_t count, const char *site)
{
    return gather_all(g, fs, count, site, false);
}

int filch_any_call(
    filch_future **g, filch_future *const *fs, size_t count, const char *site)
{
    if (count)
        return gather_all(g, fs, count, site, true);
    if (g)
        *g = NULL;
    return -EINVAL;
}

filch_future *filch_future_input(const filch_future *g, size_t index)
{
    struct fl_derived *derived =
        g ? fl_derived_of((filch_future *)(uintptr_t)g) : NULL;
    if (!derived || (fl_derived_kind(derived) != &all_kind &&
                        fl_derived_kind(derived) != &any_kind))
        return NULL;
    struct gather *gather = of_derived(derived);
    return index < gather->count ? gather->inputs[index].task : NULL;
}
