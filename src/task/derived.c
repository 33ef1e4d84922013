/* SPDX-License-Identifier: MIT */
#include "task/derived.h"

_Static_assert(offsetof(struct fl_derived, extra) == FL_TASK_BYTES,
    "as fl_task_extra() has it");

/* A search among those that wait. */
static struct {
    struct fl_lock lock;
    uint64_t mark;            /* of the search */
    struct fl_derived *found; /* by it so far, with references */
} graph;

static struct fl_derived *of_due(struct fl_due *due)
{
    return (void *)((char *)due - offsetof(struct fl_derived, due));
}

static void run_end(struct fl_due *due)
{
    struct fl_derived *derived = of_due(due);
    fl_derived_kind(derived)->end(derived);
    fl_task_release(&derived->future);
}

static bool fire_end(struct fl_hook *hook, filch_future *task)
{
    struct fl_derived *derived = (void *)task;
    (void)hook;
    fl_due_add(&derived->due);
    return false;
}

static void run_free(struct fl_due *due)
{
    struct fl_derived *derived = of_due(due);
    fl_derived_kind(derived)->destroy(derived);
    fl_promise_free(&derived->future);
}

/* Later: it may be one of a long chain that hold the next one. */
static void free_soon(filch_future *task)
{
    struct fl_derived *derived = (void *)task;
    derived->due.run = run_free;
    fl_due_add(&derived->due);
    fl_due_run();
}

struct fl_derived *fl_derived_new(
    const struct fl_derived_kind *kind, struct fl_promise_order *order)
{
    order->references++; /* until its end has been */
    struct fl_derived *derived = (void *)fl_promise_new(order);
    if (!derived)
        return NULL;
    derived->extra.stray.kind = kind;
    derived->extra.stray.free = free_soon;
    derived->on_end = (struct fl_hook){.fire = fire_end};
    derived->due.run = run_end;
    derived->mark = 0;
    derived->lock = (struct fl_lock){FL_LOCK_FREE};
    derived->observers = NULL;
    (void)fl_hook_add(&derived->future, &derived->on_end);
    return derived;
}

void fl_derived_observe(
    struct fl_derived *derived, struct fl_observer *observer)
{
    fl_lock_take(&derived->lock);
    observer->next = derived->observers;
    derived->observers = observer;
    fl_lock_drop(&derived->lock);
}

void fl_derived_unobserve(
    struct fl_derived *derived, struct fl_observer *observer)
{
    fl_lock_take(&derived->lock);
    struct fl_observer **at = &derived->observers;
    while (*at != observer)
        at = &(*at)->next;
    *at = observer->next;
    fl_lock_drop(&derived->lock);
}

void fl_derived_tell(struct fl_derived *derived)
{
    for (struct fl_observer *o = derived->observers; o; o = o->next)
        fl_waiter_notify(o->waiter);
}

void fl_derived_forget_lock(void)
{
    graph.lock = (struct fl_lock){FL_LOCK_FREE};
}

void fl_derived_lock_graph(void)
{
    fl_lock_take(&graph.lock);
    graph.mark++;
    graph.found = NULL;
}

void fl_derived_unlock_graph(void)
{
    while (graph.found) {
        struct fl_derived *derived = graph.found;
        graph.found = derived->found;
        fl_task_release(&derived->future);
    }
    fl_lock_drop(&graph.lock);
}

/* Takes the reference. To be searched from, if it waits for something and has
 * not been found yet. */
static void find(filch_future *task, struct fl_derived ***last)
{
    struct fl_derived *derived = fl_derived_of(task);
    if (!derived || derived->mark == graph.mark || fl_task_is_final(task)) {
        fl_task_release(task);
        return;
    }
    derived->mark = graph.mark;
    derived->found = NULL;
    **last = derived;
    *last = &derived->found;
}

bool fl_derived_reaches(filch_future *from, struct fl_derived *to)
{
    struct fl_derived **last = &graph.found;
    fl_task_retain(from);
    find(from, &last);
    for (struct fl_derived *at = graph.found; at; at = at->found) {
        filch_future *input;
        if (at == to)
            return true;
        for (size_t i = 0; (input = fl_derived_kind(at)->input(at, i)); i++)
            find(input, &last);
    }
    return false;
}
