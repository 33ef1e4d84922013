/* SPDX-License-Identifier: MIT */
/*
 * A map over an input: a fixed set of chunks, together the window, each with
 * room for its items and their results. A chunk goes round: the caller fills
 * it from the input and submits it as one task, awaits that, takes the
 * results, and fills it anew. In the order of the input the chunks take turns;
 * else each comes when a completion queue says so. All fields are the
 * caller's, but for what a chunk's task writes between its submit and its end.
 */
#include <filch/map.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "executor/completion_queue.h"
#include "executor/options.h"
#include "platform/clock.h"
#include "sched/await.h"

enum { CHUNKS_PER_WORKER = 4, ALIGNMENT = 16 };

/* outcome.code: the function has not been called (yet) */
enum { NOT_RUN = 1 };

struct outcome {
    int code;      /* 0; negative: the function's; NOT_RUN */
    char *message; /* owned: the last filch_failf()'s, or NULL */
};

struct chunk {
    filch_map_stream *map; /* immutable */
    size_t slot, room;     /* immutable: its part of the map's arrays */
    filch_future *future;  /* NULL: it is empty */
    struct fl_entry entry; /* in the completion queue */
    size_t first;          /* its first item's number */
    size_t count, taken;   /* items */
};

struct filch_map_stream {
    /* Immutable. */
    struct filch_map_options options;
    filch_executor *ex;
    filch_task *fn;
    const char *site;
    size_t item_stride, result_stride;
    size_t chunk_count;
    struct chunk *chunks;
    struct outcome *outcomes; /* these three: one for each of the window */
    unsigned char *items;
    unsigned char *results;            /* NULL: no results */
    filch_completion_queue *completed; /* NULL: in order */
    /* The caller's. */
    size_t read;           /* items, so far */
    size_t turn;           /* in order: the chunk that is next */
    struct chunk *current; /* is being taken, or NULL */
    bool is_at_end;        /* nothing more is read */
    int end;               /* what there is to be said when all is taken */
    int last;              /* what was returned last */
    char *message;         /* the one that goes with it, or NULL */
    /* Caller writes, any thread reads: no item starts any more. */
    _Atomic bool is_over;
};

static void *item_at(const filch_map_stream *m, size_t slot)
{
    return m->items + slot * m->item_stride;
}

static void *result_at(const filch_map_stream *m, size_t slot)
{
    return m->results ? m->results + slot * m->result_stride : NULL;
}

static void destroy_item(const filch_map_stream *m, size_t slot)
{
    if (m->options.item_destroy)
        m->options.item_destroy(item_at(m, slot));
}

static void destroy_result(const filch_map_stream *m, size_t slot)
{
    if (m->options.result_destroy && m->results)
        m->options.result_destroy(result_at(m, slot));
}

static bool is_past_deadline(const filch_map_stream *m)
{
    return m->options.deadline && fl_clock_is_past(m->options.deadline);
}

/* The chunk's task. */
static void run_item(const filch_map_stream *m, filch_ctx *cx, size_t slot)
{
    struct outcome *outcome = &m->outcomes[slot];
    void *result = result_at(m, slot);
    if (result)
        memset(result, 0, m->options.result_bytes);
    int code = m->fn(cx, item_at(m, slot), result);
    outcome->code = code < 0 ? code : 0;
    outcome->message = fl_run_take_message(fl_strand_current->innermost);
    destroy_item(m, slot);
}

static int run_chunk(filch_ctx *cx, void *arg, void *result)
{
    const struct chunk *chunk = arg;
    const filch_map_stream *m = chunk->map;
    (void)result;
    for (size_t i = 0; i < chunk->count; i++) {
        /* relaxed: seen late, an item runs that nobody asks for */
        if (load_relaxed(&m->is_over) || is_past_deadline(m))
            break;
        run_item(m, cx, chunk->slot + i);
    }
    return 0;
}

static void end_input(filch_map_stream *m, int code)
{
    m->is_at_end = true;
    m->end = code;
}

/* Whether there was one more. */
static bool read_item(filch_map_stream *m, size_t slot)
{
    int rc = is_past_deadline(m)
                 ? -ETIMEDOUT
                 : m->options.next_item(m->options.data, item_at(m, slot));
    if (rc <= 0) {
        end_input(m, rc);
        return false;
    }
    m->outcomes[slot] = (struct outcome){NOT_RUN, NULL};
    m->read++;
    return true;
}

/* None of the chunk's items will run. */
static void give_up_items(struct chunk *chunk, int code)
{
    for (size_t i = chunk->slot; i < chunk->slot + chunk->count; i++) {
        chunk->map->outcomes[i].code = code;
        destroy_item(chunk->map, i);
    }
}

static void submit(filch_map_stream *m, struct chunk *chunk)
{
    const struct fl_order order = {.fn = (filch_any_fn)run_chunk,
        .site = m->site,
        .arg = chunk,
        .kind = FILCH_FN_TASK};
    int rc = m->ex->backend->submit(m->ex, &order, &chunk->future);
    if (rc) {
        chunk->future = NULL;
        give_up_items(chunk, rc);
        end_input(m, rc); /* before what the input has said behind them */
    } else if (m->completed) {
        (void)fl_completion_queue_enter(
            m->completed, &chunk->entry, chunk->future, chunk);
    }
}

/* An empty chunk, as far as there is input. */
static void fill(filch_map_stream *m, struct chunk *chunk)
{
    chunk->first = m->read;
    chunk->count = 0;
    chunk->taken = 0;
    while (!m->is_at_end && chunk->count < chunk->room &&
           read_item(m, chunk->slot + chunk->count))
        chunk->count++;
    if (chunk->count)
        submit(m, chunk);
}

/* What has not started never will. */
static void abandon(filch_map_stream *m)
{
    store_relaxed(&m->is_over, true);
    for (size_t i = 0; i < m->chunk_count; i++)
        if (m->chunks[i].future)
            (void)filch_future_cancel(m->chunks[i].future);
}

static int time_out(filch_map_stream *m)
{
    m->end = -ETIMEDOUT;
    abandon(m);
    return m->end;
}

/* 1: *chunk is complete; or why there is none. */
static int await_chunk(filch_map_stream *m, struct chunk **chunk)
{
    int64_t deadline =
        m->options.deadline ? m->options.deadline : FILCH_FOREVER;
    void *tag = NULL;
    if (m->completed) {
        int rc =
            filch_completion_queue_next(m->completed, deadline, NULL, &tag);
        *chunk = tag;
        return rc ? rc : m->end;
    }
    *chunk = &m->chunks[m->turn];
    if (!(*chunk)->future)
        return m->end;
    int rc = fl_await((*chunk)->future, deadline);
    if (!rc)
        m->turn = (m->turn + 1) % m->chunk_count;
    return rc ? rc : 1;
}

/* The chunk whose results are next becomes the current one: 1. */
static int choose_chunk(filch_map_stream *m)
{
    struct chunk *chunk;
    int rc = await_chunk(m, &chunk);
    if (rc == -ETIMEDOUT)
        return time_out(m);
    if (rc != 1)
        return rc;
    m->current = chunk;
    rc = filch_future_result(chunk->future, FILCH_POLL, NULL, 0);
    if (rc) /* it never ran: cancelled, dropped, or the executor is broken */
        give_up_items(chunk, rc);
    return 1;
}

static void hand_over(
    filch_map_stream *m, size_t slot, void *result, char **message)
{
    *message = m->outcomes[slot].message;
    if (m->outcomes[slot].code)
        return;
    if (result && m->results)
        memcpy(result, result_at(m, slot), m->options.result_bytes);
    else
        destroy_result(m, slot);
}

static int take(filch_map_stream *m, void *result, size_t *index)
{
    struct chunk *chunk = m->current;
    size_t slot = chunk->slot + chunk->taken;
    int code = m->outcomes[slot].code;
    if (code == NOT_RUN)
        return time_out(m);
    if (index)
        *index = chunk->first + chunk->taken;
    hand_over(m, slot, result, &m->message);
    if (++chunk->taken == chunk->count) {
        filch_future_release(chunk->future);
        chunk->future = NULL;
        m->current = NULL;
        fill(m, chunk);
    }
    return code ? code : 1;
}

int filch_map_next(filch_map_stream *m, void *result, size_t *index)
{
    if (index)
        *index = FILCH_NO_ITEM;
    if (!m)
        return -EINVAL;
    free(m->message);
    m->message = NULL;
    int rc = 1;
    if (load_relaxed(&m->is_over))
        rc = m->end;
    else if (!m->current)
        rc = choose_chunk(m);
    m->last = rc == 1 ? take(m, result, index) : rc;
    return m->last;
}

int filch_map_failure(const filch_map_stream *m, struct filch_failure *failure)
{
    if (!m || !failure)
        return -EINVAL;
    if (m->last >= 0)
        return 0;
    failure->code = m->last;
    failure->message = m->message ? m->message : filch_strerror(m->last);
    failure->task = m->site;
    failure->where = m->site + strlen(m->site) + 1;
    return m->last;
}

/* After the chunk's task, whatever became of it. */
static void discard(const filch_map_stream *m, const struct chunk *chunk)
{
    for (size_t i = chunk->taken; i < chunk->count; i++) {
        const struct outcome *outcome = &m->outcomes[chunk->slot + i];
        if (outcome->code == NOT_RUN)
            destroy_item(m, chunk->slot + i);
        else if (!outcome->code)
            destroy_result(m, chunk->slot + i);
        free(outcome->message);
    }
}

/* Its task uses the map's memory: nothing but its end will do. One that waits
 * for the caller makes a circle, is told so, and ends. */
static void end_chunk(filch_map_stream *m, struct chunk *chunk)
{
    int rc;
    do
        rc = fl_await(chunk->future, FILCH_FOREVER);
    while (rc == -EDEADLK);
    if (!rc) { /* else it runs in the parent process */
        (void)filch_future_result(chunk->future, FILCH_POLL, NULL, 0);
        discard(m, chunk);
    }
    filch_future_release(chunk->future);
}

static void free_map(filch_map_stream *m)
{
    filch_completion_queue_close(m->completed);
    free(m->chunks);
    free(m->outcomes);
    free(m->items);
    free(m->results);
    free(m->message);
    free(m);
}

/* Is the future's task on this thread's stack? */
static bool runs_here(const filch_future *future)
{
    const struct fl_run *run =
        fl_strand_current ? fl_strand_current->innermost : NULL;
    while (run && run->task != future)
        run = run->outer;
    return run;
}

int filch_map_close(filch_map_stream *m)
{
    if (!m)
        return 0;
    for (size_t i = 0; i < m->chunk_count; i++)
        if (m->chunks[i].future && runs_here(m->chunks[i].future))
            return -EDEADLK;
    abandon(m);
    for (size_t i = 0; i < m->chunk_count; i++)
        if (m->chunks[i].future)
            end_chunk(m, &m->chunks[i]);
    free_map(m);
    return 0;
}

static size_t stride_of(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void take_defaults(struct filch_map_options *options, filch_executor *ex)
{
    size_t workers = (size_t)filch_executor_workers(ex);
    if (!options->chunk)
        options->chunk = 1;
    if (!options->window)
        options->window =
            options->chunk * CHUNKS_PER_WORKER * (workers ? workers : 1);
    if (options->chunk > options->window)
        options->chunk = options->window;
}

/* More bytes than an array can have, also when rounded up and by default? */
static bool is_too_much(size_t count, size_t bytes)
{
    size_t most =
        PTRDIFF_MAX / (FILCH_WORKERS_MAX * CHUNKS_PER_WORKER * ALIGNMENT);
    return count > most || bytes > most || (bytes && count > most / bytes);
}

static bool is_bad(const struct filch_map_options *options)
{
    size_t item = options->item_bytes, result = options->result_bytes;
    return !options->next_item || !item || options->reserved ||
           (unsigned)options->order > FILCH_AS_COMPLETED ||
           is_too_much(options->window, item) ||
           is_too_much(options->window, result) ||
           is_too_much(options->chunk, item) ||
           is_too_much(options->chunk, result);
}

static void lay_out_chunks(filch_map_stream *m)
{
    size_t size = m->options.chunk;
    for (size_t i = 0; i < m->chunk_count; i++) {
        size_t left = m->options.window - i * size;
        m->chunks[i].map = m;
        m->chunks[i].slot = i * size;
        m->chunks[i].room = left < size ? left : size;
    }
}

/* The memory that the map has to the end. 0, or -ENOMEM. */
static int make_room(filch_map_stream *m)
{
    const struct filch_map_options *options = &m->options;
    m->item_stride = stride_of(options->item_bytes);
    m->result_stride = stride_of(options->result_bytes);
    m->chunk_count = (options->window - 1) / options->chunk + 1;
    m->chunks = calloc(m->chunk_count, sizeof *m->chunks);
    m->outcomes = calloc(options->window, sizeof *m->outcomes);
    m->items = calloc(options->window, m->item_stride);
    if (m->result_stride)
        m->results = calloc(options->window, m->result_stride);
    if (!m->chunks || !m->outcomes || !m->items ||
        (m->result_stride && !m->results))
        return -ENOMEM;
    lay_out_chunks(m);
    return options->order == FILCH_AS_COMPLETED
               ? filch_completion_queue_open(&m->completed)
               : 0;
}

int filch_map_open_call(filch_map_stream **m, filch_executor *ex,
    filch_task *fn, const char *site, const struct filch_map_options *options,
    size_t options_size)
{
    struct filch_map_options own;
    int rc = fl_options_copy(&own, sizeof own, options, options_size);
    if (!m)
        return -EINVAL;
    *m = NULL;
    if (rc)
        return rc;
    if (!ex || !fn || !site || is_bad(&own))
        return -EINVAL;
    take_defaults(&own, ex);
    filch_map_stream *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    made->options = own;
    made->ex = ex;
    made->fn = fn;
    made->site = site;
    rc = make_room(made);
    if (rc) {
        free_map(made);
        return rc;
    }
    for (size_t i = 0; i < made->chunk_count; i++)
        fill(made, &made->chunks[i]);
    *m = made;
    return 0;
}
