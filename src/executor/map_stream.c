/* SPDX-License-Identifier: MIT */
/* Maps over an input: what the caller calls. */
#include "executor/map_stream.h"

#include <filch/token.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "executor/options.h"
#include "sched/await.h"

enum { CHUNKS_PER_WORKER = 4, ALIGNMENT = 16 };

/* It is over: what has not started never will, what runs is told. */
static int stop(filch_map_stream *m)
{
    int why = filch_token_state(m->token);
    if (!why)
        why = fl_map_is_late(m) ? -ETIMEDOUT : -ECANCELED;
    m->is_over = true;
    m->end = why;
    filch_token_cancel(m->token);
    return why;
}

/* 1: *chunk is complete; 0: there is none; else as filch_future_result(). */
static int await_chunk(filch_map_stream *m, struct fl_map_chunk **chunk)
{
    int64_t deadline =
        m->options.deadline ? m->options.deadline : FILCH_FOREVER;
    void *tag = NULL;
    if (m->completed) {
        int rc =
            filch_completion_queue_next(m->completed, deadline, NULL, &tag);
        *chunk = tag;
        return rc;
    }
    *chunk = &m->chunks[m->turn];
    if (!(*chunk)->future)
        return 0;
    int rc = fl_await((*chunk)->future, deadline);
    if (!rc)
        m->turn = (m->turn + 1) % m->chunk_count;
    return rc ? rc : 1;
}

/* The chunk whose results are next becomes the current one: 1. */
static int choose_chunk(filch_map_stream *m)
{
    struct fl_map_chunk *chunk;
    int rc = await_chunk(m, &chunk);
    if (rc == 0)
        return m->end;
    if (rc == -ETIMEDOUT)
        return stop(m);
    if (rc != 1)
        return rc;
    m->current = chunk;
    rc = filch_future_result(chunk->future, FILCH_POLL, NULL, 0);
    if (rc && filch_token_state(m->token))
        return stop(m);
    if (rc) /* it never ran: cancelled, dropped, or the executor is broken */
        fl_map_give_up(chunk, rc);
    return 1;
}

static void hand_over(filch_map_stream *m, size_t slot, void *result)
{
    m->message = m->outcomes[slot].message;
    if (m->outcomes[slot].code)
        return;
    if (result && m->results)
        memcpy(result, fl_map_result(m, slot), m->options.result_bytes);
    else
        fl_map_drop_result(m, slot);
}

static int take(filch_map_stream *m, void *result, size_t *index)
{
    struct fl_map_chunk *chunk = m->current;
    size_t slot = chunk->slot + chunk->taken;
    int code = m->outcomes[slot].code;
    if (code == FL_MAP_NOT_RUN)
        return stop(m);
    if (index)
        *index = chunk->first + chunk->taken;
    hand_over(m, slot, result);
    if (++chunk->taken == chunk->count) {
        filch_future_release(chunk->future);
        chunk->future = NULL;
        m->current = NULL;
        fl_map_fill(chunk);
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
    if (m->is_over)
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

static void free_map(filch_map_stream *m)
{
    filch_completion_queue_close(m->completed);
    filch_token_release(m->token);
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
    (void)stop(m);
    for (size_t i = 0; i < m->chunk_count; i++)
        if (m->chunks[i].future)
            fl_map_end_chunk(&m->chunks[i]);
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

/* Below the one that the options name. As filch_token_open(). */
static int make_token(filch_map_stream *m)
{
    int rc = filch_token_open(&m->token, fl_options_token(m->options.token),
        m->options.deadline ? m->options.deadline : FILCH_FOREVER);
    m->submit_options.token = m->token;
    return rc;
}

/* All that the map has, to the end. 0, or why not. */
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
    int rc = make_token(m);
    if (!rc && options->order == FILCH_AS_COMPLETED)
        rc = filch_completion_queue_open(&m->completed);
    return rc;
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
        fl_map_fill(&made->chunks[i]);
    *m = made;
    return 0;
}
