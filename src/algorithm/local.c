/* SPDX-License-Identifier: MIT */
#include <filch/worker.h>

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "concurrent/lock.h"
#include "task/strand.h"

/* Of a thread that is not a worker of the executor. */
struct other {
    struct other *next;
    const void *thread; /* something of its own */
    void *value;
};

struct filch_local {
    filch_executor *executor; /* immutable; compared, not used */
    size_t bytes;             /* immutable */
    unsigned char *initial;   /* immutable; behind the workers' */
    struct fl_lock lock;
    struct other *others; /* under the lock; the last that came first */
    unsigned count;       /* immutable */
    void *values[];       /* each: its worker only */
};

static void *new_value(const struct filch_local *local)
{
    size_t lines = (local->bytes + FL_CACHE_LINE - 1) / FL_CACHE_LINE;
    void *value = aligned_alloc(FL_CACHE_LINE, lines * FL_CACHE_LINE);
    if (value)
        memcpy(value, local->initial, local->bytes);
    return value;
}

int filch_local_open(
    filch_local **local, filch_executor *ex, size_t bytes, const void *initial)
{
    if (!local || !ex || !bytes || bytes > PTRDIFF_MAX / 2)
        return -EINVAL;
    size_t table = ex->most_threads * sizeof(void *);
    filch_local *made = calloc(1, sizeof *made + table + bytes);
    *local = made;
    if (!made)
        return -ENOMEM;
    made->executor = ex;
    made->bytes = bytes;
    made->count = ex->most_threads;
    made->initial = (unsigned char *)(made->values + made->count);
    if (initial)
        memcpy(made->initial, initial, bytes);
    return 0;
}

/* The place of a worker's value; NULL: not a worker of the executor. */
static void **place_here(filch_local *local)
{
    const struct fl_strand *strand = fl_strand_current;
    const struct fl_run *run = strand ? strand->innermost : NULL;
    if (!run || run->executor != local->executor || run->worker < 0)
        return NULL;
    return &local->values[run->worker];
}

static struct other *find_other(struct other *other, const void *thread)
{
    while (other && other->thread != thread)
        other = other->next;
    return other;
}

static struct other *new_other(filch_local *local, const void *thread)
{
    struct other *other = malloc(sizeof *other);
    void *value = new_value(local);
    if (!other || !value) {
        free(other);
        free(value);
        return NULL;
    }
    *other = (struct other){local->others, thread, value};
    local->others = other;
    return other;
}

static void *get_other(filch_local *local)
{
    const void *thread = &fl_strand_current;
    fl_lock_take(&local->lock);
    struct other *other = find_other(local->others, thread);
    if (!other)
        other = new_other(local, thread);
    fl_lock_drop(&local->lock);
    return other ? other->value : NULL;
}

void *filch_local_get(filch_local *local)
{
    void **place = place_here(local);
    if (!place)
        return get_other(local);
    if (!*place)
        *place = new_value(local);
    return *place;
}

void filch_local_combine(
    filch_local *local, void (*fn)(void *value, void *arg), void *arg)
{
    for (unsigned i = 0; i < local->count; i++)
        if (local->values[i])
            fn(local->values[i], arg);
    for (struct other *other = local->others; other; other = other->next)
        fn(other->value, arg);
}

void filch_local_close(filch_local *local)
{
    if (!local)
        return;
    for (unsigned i = 0; i < local->count; i++)
        free(local->values[i]);
    while (local->others) {
        struct other *other = local->others;
        local->others = other->next;
        free(other->value);
        free(other);
    }
    free(local);
}
