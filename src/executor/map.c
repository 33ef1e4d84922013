/* SPDX-License-Identifier: MIT */
/*
 * A map is cut into chunks, each a task. `end` is the first item that is not
 * done, for whatever reason: no later item starts once that is known, every
 * earlier one is done in the end.
 */
#include <filch/map.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "concurrent/lock.h"
#include "executor/options.h"
#include "sched/await.h"

enum { CHUNKS_PER_WORKER = 8 };

struct map {
    struct filch_map_spec spec; /* immutable */
    filch_task *fn;             /* immutable */
    struct fl_lock lock;
    int code;           /* under the lock: why `end` is not done */
    char *message;      /* the same, owned */
    _Atomic size_t end; /* lock holder writes, any thread reads */
};

/* A chunk's task gets a copy of this. */
struct chunk {
    struct map *map;
    size_t first;
};

/* Takes the message. */
static void end_before(struct map *map, size_t item, int code, char *message)
{
    fl_lock_take(&map->lock);
    if (item < load_relaxed(&map->end)) {
        char *other = map->message;
        store_relaxed(&map->end, item);
        map->code = code;
        map->message = message;
        message = other;
    }
    fl_lock_drop(&map->lock);
    free(message);
}

static void *at(const void *base, size_t index, size_t stride)
{
    return base ? (void *)((uintptr_t)base + index * stride) : NULL;
}

static int run_item(struct map *map, filch_ctx *cx, size_t i)
{
    const struct filch_map_spec *spec = &map->spec;
    if (spec->deadline && filch_now() >= spec->deadline)
        return -ETIMEDOUT;
    return map->fn(cx, at(spec->in, i, spec->in_stride),
        at(spec->out, i, spec->out_stride));
}

static int run_chunk(filch_ctx *cx, void *arg, void *result)
{
    const struct chunk *chunk = arg;
    struct map *map = chunk->map;
    (void)result;
    for (size_t i = chunk->first; i - chunk->first < map->spec.chunk; i++) {
        /* relaxed: seen late, an item runs that nobody asks for */
        if (i >= load_relaxed(&map->end))
            break;
        int rc = run_item(map, cx, i);
        if (rc < 0) {
            end_before(
                map, i, rc, fl_run_take_message(fl_strand_current->innermost));
            break;
        }
    }
    return 0;
}

static bool is_bad(const struct filch_map_spec *spec)
{
    size_t count = spec->count ? spec->count : 1;
    return (spec->count && !spec->in) ||
           spec->in_stride > PTRDIFF_MAX / count ||
           spec->out_stride > PTRDIFF_MAX / count;
}

static size_t choose_chunk(filch_executor *ex, size_t count)
{
    size_t workers = (size_t)filch_executor_workers(ex);
    size_t chunks = (workers ? workers : 1) * CHUNKS_PER_WORKER;
    return count > chunks ? (count + chunks - 1) / chunks : 1;
}

/* How many of the chunks were accepted. */
static size_t submit_chunks(
    filch_executor *ex, struct map *map, size_t chunks, filch_future **futures)
{
    static const struct filch_submit_options options = {
        .name = "filch_map", .arg_bytes = sizeof(struct chunk)};
    for (size_t i = 0; i < chunks; i++) {
        struct chunk chunk = {map, i * map->spec.chunk};
        int rc = chunk.first < load_relaxed(&map->end)
                     ? filch_submit_with(
                           &futures[i], ex, run_chunk, &chunk, &options)
                     : -ECANCELED;
        if (rc) {
            end_before(map, chunk.first, rc, NULL);
            return i;
        }
    }
    return chunks;
}

/* They write to the caller's arrays: nothing but their end will do. One that
 * waits for the caller makes a circle, is told so, and ends. */
static void await_chunk(struct map *map, filch_future *future, size_t first)
{
    int rc;
    while (fl_await(future, FILCH_FOREVER) == -EDEADLK)
        ;
    rc = filch_future_result(future, FILCH_POLL, NULL, 0);
    if (rc) /* it never ran: cancelled, dropped, or the executor is broken */
        end_before(map, first, rc, fl_message_copy(fl_task_message(future)));
    filch_future_release(future);
}

static int run_map(filch_executor *ex, struct map *map)
{
    size_t chunk = map->spec.chunk;
    size_t chunks = (map->spec.count - 1) / chunk + 1;
    filch_future **futures = calloc(chunks, sizeof(filch_future *));
    if (!futures) {
        end_before(map, 0, -ENOMEM, NULL);
        return -ENOMEM;
    }
    size_t accepted = submit_chunks(ex, map, chunks, futures);
    for (size_t i = 0; i < accepted; i++)
        await_chunk(map, futures[i], i * chunk);
    free(futures);
    fl_strand_put_message(map->message);
    return map->code;
}

int filch_map_sized(filch_executor *ex, filch_task *fn,
    const struct filch_map_spec *spec, size_t size)
{
    struct map map = {.fn = fn};
    int rc = fl_options_copy(&map.spec, sizeof map.spec, spec, size);
    if (!rc && (!ex || !fn || !spec || is_bad(&map.spec)))
        rc = -EINVAL;
    if (!rc && !map.spec.chunk)
        map.spec.chunk = choose_chunk(ex, map.spec.count);
    store_relaxed(&map.end, rc ? 0 : map.spec.count);
    if (!rc && map.spec.count)
        rc = run_map(ex, &map);
    if (map.spec.delivered)
        *map.spec.delivered = load_relaxed(&map.end);
    return rc;
}
