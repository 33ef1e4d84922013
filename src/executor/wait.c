/* SPDX-License-Identifier: MIT */
/* Waiting for several futures at once. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "concurrent/time.h"
#include "sched/await.h"

/* Up to this many futures need no allocation. */
enum { FEW = 16 };

struct many {
    filch_future *const *fs;
    size_t count;
    enum filch_wait_mode mode;
    struct fl_waiter waiter;
    struct fl_wait_node *nodes; /* one for each future */
    filch_future **unfinished;  /* filled anew before each sleep */
};

static bool is_satisfied(const struct many *many)
{
    size_t final = 0;
    for (size_t i = 0; i < many->count; i++) {
        enum filch_state state = filch_future_state(many->fs[i]);
        if (state == FILCH_FAILED ||
            (state >= FILCH_DONE && many->mode == FILCH_FIRST))
            return true;
        final += state >= FILCH_DONE;
    }
    return final == many->count;
}

static size_t list_unfinished(struct many *many)
{
    size_t count = 0;
    for (size_t i = 0; i < many->count; i++)
        if (!fl_task_is_final(many->fs[i]))
            many->unfinished[count++] = many->fs[i];
    return count;
}

/* In a task: one that has not started may be run right here. */
static bool run_one(struct many *many)
{
    for (size_t i = 0; i < many->count; i++)
        if (fl_await_run(many->fs[i]))
            return true;
    return false;
}

static int sleep_until_satisfied(struct many *many, int64_t deadline)
{
    int rc = 0;
    while (!rc) {
        uint32_t events = fl_waiter_events(&many->waiter);
        /* Before the look: one that ends in between, and is not in the list,
         * is seen by the look. Else a way out would be missing in the list,
         * and the wait taken for a circle. */
        size_t count = list_unfinished(many);
        if (is_satisfied(many))
            return 0;
        if (run_one(many))
            continue;
        rc = fl_await_events(
            &many->waiter, events, many->unfinished, count, deadline);
    }
    return rc != -EDEADLK && is_satisfied(many) ? 0 : rc;
}

static int wait_watching(struct many *many, int64_t deadline)
{
    fl_waiter_init(&many->waiter);
    for (size_t i = 0; i < many->count; i++)
        (void)fl_waiter_watch(&many->waiter, &many->nodes[i], many->fs[i]);
    int rc = sleep_until_satisfied(many, deadline);
    for (size_t i = 0; i < many->count; i++)
        fl_waiter_unwatch(&many->nodes[i], many->fs[i]);
    return rc;
}

static int wait_for_first(struct many *many, int64_t deadline)
{
    struct fl_wait_node few_nodes[FEW];
    filch_future *few_unfinished[FEW];
    if (is_satisfied(many))
        return 0;
    if (fl_time_is_past(deadline))
        return -ETIMEDOUT;
    for (size_t i = 0; i < many->count; i++)
        if (fl_await_came_through_fork(many->fs[i]))
            return FILCH_EFORKED;
    if (many->count <= FEW) {
        many->nodes = few_nodes;
        many->unfinished = few_unfinished;
        return wait_watching(many, deadline);
    }
    many->nodes = calloc(many->count, sizeof *many->nodes);
    many->unfinished = calloc(many->count, sizeof *many->unfinished);
    int rc = many->nodes && many->unfinished ? wait_watching(many, deadline)
                                             : -ENOMEM;
    free(many->unfinished);
    free(many->nodes);
    return rc;
}

static int wait_for_all(const struct many *many, int64_t deadline)
{
    int rc = 0;
    for (size_t i = 0; i < many->count && !rc; i++)
        rc = fl_await(many->fs[i], deadline);
    return rc;
}

/* A final future and where it stands in the list. */
struct found {
    filch_future *f;
    size_t at;
};

static int by_future(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->f != y->f)
        return (uintptr_t)x->f < (uintptr_t)y->f ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int by_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The final ones, each once, in the order of the list. */
static int collect(
    const struct many *many, struct found *found, filch_future **done)
{
    size_t count = 0, distinct = 0;
    for (size_t i = 0; i < many->count; i++)
        if (fl_task_is_final(many->fs[i]))
            found[count++] = (struct found){many->fs[i], i};
    qsort(found, count, sizeof *found, by_future);
    for (size_t i = 0; i < count; i++)
        if (!distinct || found[i].f != found[distinct - 1].f)
            found[distinct++] = found[i];
    qsort(found, distinct, sizeof *found, by_place);
    for (size_t i = 0; done && i < distinct; i++)
        done[i] = found[i].f;
    return (int)distinct;
}

static bool is_bad(
    filch_future *const *fs, size_t count, enum filch_wait_mode mode)
{
    if ((unsigned)mode > FILCH_FIRST_FAILURE || count > INT_MAX ||
        (count && !fs))
        return true;
    for (size_t i = 0; i < count; i++)
        if (!fs[i])
            return true;
    return false;
}

static int wait_and_collect(struct many *many, int64_t deadline,
    struct found *found, filch_future **done)
{
    int rc = many->mode == FILCH_ALL ? wait_for_all(many, deadline)
                                     : wait_for_first(many, deadline);
    return rc && rc != -ETIMEDOUT ? rc : collect(many, found, done);
}

int filch_wait(filch_future *const *fs, size_t count, enum filch_wait_mode mode,
    int64_t deadline, filch_future **done)
{
    struct found few[FEW];
    struct many many = {.fs = fs, .count = count, .mode = mode};
    if (is_bad(fs, count, mode))
        return -EINVAL;
    if (count <= FEW)
        return wait_and_collect(&many, deadline, few, done);
    struct found *found = calloc(count, sizeof *found);
    if (!found)
        return -ENOMEM;
    int rc = wait_and_collect(&many, deadline, found, done);
    free(found);
    return rc;
}
