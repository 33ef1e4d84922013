/* SPDX-License-Identifier: MIT */
/*
 * Waiting in a task for a derived future: see README.md, [AWAIT-derived]. It
 * is waiting for what that waits for, and so on: a path of derived futures,
 * which is kept, so that each step along it is taken once.
 */
#include "task/derived.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sched/await.h"

enum { FEW = 16 };

/* Each waits for the next one; references. */
struct path {
    filch_future **at;
    size_t count;
    size_t room;
    filch_future *few[FEW]; /* needs no allocation */
};

static void free_path(struct path *path)
{
    if (path->at != path->few)
        free(path->at);
}

static bool grow(struct path *path)
{
    size_t room = 2 * path->room;
    filch_future **at = calloc(room, sizeof(filch_future *));
    if (!at)
        return false;
    memcpy(at, path->at, path->count * sizeof(filch_future *));
    free_path(path);
    path->at = at;
    path->room = room;
    return true;
}

static bool push(struct path *path, filch_future *task)
{
    if (path->count == path->room && !grow(path))
        return false;
    path->at[path->count++] = task;
    return true;
}

/* Is it a part of the path, rather than its end? One that is final is not: who
 * waits for it is about to go on. */
static bool is_on_the_way(filch_future *task)
{
    return fl_derived_of(task) && !fl_task_is_final(task);
}

static filch_future *last_of(const struct path *path)
{
    return path->at[path->count - 1];
}

static void pop(struct path *path)
{
    fl_task_release(path->at[--path->count]);
}

/* What the last one of the path waits for, or itself: a reference. */
static filch_future *look_behind(const struct path *path)
{
    struct fl_derived *last = fl_derived_of(last_of(path));
    filch_future *source = fl_derived_kind(last)->source(last);
    if (source)
        return source;
    fl_task_retain(&last->future);
    return &last->future;
}

/* The end of the path: a reference to what is no derived future, or one that
 * waits for nothing in particular. */
static filch_future *go_to_end(struct path *path)
{
    while (path->count > 1 && fl_task_is_final(last_of(path)))
        pop(path);
    filch_future *end = look_behind(path);
    while (end != last_of(path) && is_on_the_way(end) && push(path, end))
        end = look_behind(path);
    return end;
}

/* Runs it, or, of several of which any will do, one. */
static bool run(filch_future *end)
{
    struct fl_derived *derived = fl_derived_of(end);
    filch_future *input;
    bool has_run = false;
    if (!derived)
        return fl_await_run(end);
    for (size_t i = 0;
         !has_run && (input = fl_derived_kind(derived)->input(derived, i));
         i++) {
        has_run = fl_await_run(input);
        fl_task_release(input);
    }
    return has_run;
}

/* All that can wake the waiter: the first of the path, its last, what that
 * waits for, and that it waits for something else. */
struct watch {
    struct fl_waiter waiter;
    struct fl_wait_node nodes[3];
    filch_future *tasks[3];
    struct fl_observer observer;
};

static void begin_watch(
    struct watch *watch, const struct path *path, filch_future *end)
{
    fl_waiter_init(&watch->waiter);
    watch->tasks[0] = path->at[0];
    watch->tasks[1] = last_of(path);
    watch->tasks[2] = end;
    watch->observer.waiter = &watch->waiter;
    fl_derived_observe(fl_derived_of(last_of(path)), &watch->observer);
    for (int i = 0; i < 3; i++)
        (void)fl_waiter_watch(
            &watch->waiter, &watch->nodes[i], watch->tasks[i]);
}

static void end_watch(struct watch *watch)
{
    for (int i = 0; i < 3; i++)
        fl_waiter_unwatch(&watch->nodes[i], watch->tasks[i]);
    fl_derived_unobserve(fl_derived_of(watch->tasks[1]), &watch->observer);
}

/* Is it still as it was before the watch? If the end is final, who waits for
 * it is about to see that. */
static bool is_unchanged(const struct path *path, filch_future *end)
{
    filch_future *now = look_behind(path);
    fl_task_release(now);
    return now == end && !fl_task_is_final(path->at[0]) &&
           !fl_task_is_final(last_of(path));
}

static int sleep_for(
    const struct path *path, filch_future *end, int64_t deadline)
{
    struct watch watch;
    int rc = 0;
    begin_watch(&watch, path, end);
    if (is_unchanged(path, end))
        rc = fl_await_events(&watch.waiter, 0, &end, 1, deadline);
    end_watch(&watch);
    return rc;
}

int fl_await_derived(filch_future *task, int64_t deadline)
{
    struct path path = {.room = FEW};
    int rc = 0;
    path.at = path.few;
    fl_task_retain(task);
    (void)push(&path, task);
    while (!rc && !fl_task_is_final(task)) {
        filch_future *end = go_to_end(&path);
        if (!run(end))
            rc = sleep_for(&path, end, deadline);
        fl_task_release(end);
    }
    bool is_final = fl_task_is_final(task);
    while (path.count)
        pop(&path);
    free_path(&path);
    return rc != -EDEADLK && is_final ? 0 : rc;
}
