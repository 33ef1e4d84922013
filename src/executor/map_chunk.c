/* SPDX-License-Identifier: MIT */
/* A chunk of a map over an input, once round. */
#include "executor/map_stream.h"

#include <filch/token.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "sched/await.h"

static void destroy_item(const filch_map_stream *m, size_t slot)
{
    if (m->options.item_destroy)
        m->options.item_destroy(fl_map_item(m, slot));
}

/* The chunk's task. */
static void run_item(const filch_map_stream *m, filch_ctx *cx, size_t slot)
{
    struct fl_map_outcome *outcome = &m->outcomes[slot];
    void *result = fl_map_result(m, slot);
    if (result)
        memset(result, 0, m->options.result_bytes);
    int code = m->fn(cx, fl_map_item(m, slot), result);
    outcome->code = code < 0 ? code : 0;
    outcome->message = fl_run_take_message(fl_strand_current->innermost);
    destroy_item(m, slot);
}

static int run_chunk(filch_ctx *cx, void *arg, void *result)
{
    const struct fl_map_chunk *chunk = arg;
    const filch_map_stream *m = chunk->map;
    (void)result;
    for (size_t i = 0; i < chunk->count; i++) {
        if (filch_stopping(cx) || fl_map_is_late(m))
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

/* Why nothing may be read any more; 0: it may. */
static int why_stopped(const filch_map_stream *m)
{
    return fl_map_is_late(m) ? -ETIMEDOUT : filch_token_state(m->token);
}

/* Whether there was one more. */
static bool read_item(filch_map_stream *m, size_t slot)
{
    int rc = why_stopped(m);
    if (!rc)
        rc = m->options.next_item(m->options.data, fl_map_item(m, slot));
    if (rc <= 0) {
        end_input(m, rc);
        return false;
    }
    m->outcomes[slot] = (struct fl_map_outcome){FL_MAP_NOT_RUN, NULL};
    m->read++;
    return true;
}

void fl_map_give_up(struct fl_map_chunk *chunk, int code)
{
    for (size_t i = chunk->slot; i < chunk->slot + chunk->count; i++) {
        chunk->map->outcomes[i].code = code;
        destroy_item(chunk->map, i);
    }
}

static void submit(filch_map_stream *m, struct fl_map_chunk *chunk)
{
    const struct fl_order order = {.fn = (filch_any_fn)run_chunk,
        .site = m->site,
        .arg = chunk,
        .options = &m->submit_options,
        .kind = FILCH_FN_TASK};
    int rc = m->ex->backend->submit(m->ex, &order, &chunk->future);
    if (rc) {
        chunk->future = NULL;
        fl_map_give_up(chunk, rc);
        end_input(m, rc); /* before what the input has said behind them */
    } else if (m->completed) {
        (void)fl_completion_queue_enter(
            m->completed, &chunk->entry, chunk->future, chunk);
    }
}

void fl_map_fill(struct fl_map_chunk *chunk)
{
    filch_map_stream *m = chunk->map;
    chunk->first = m->read;
    chunk->count = 0;
    chunk->taken = 0;
    while (!m->is_at_end && chunk->count < chunk->room &&
           read_item(m, chunk->slot + chunk->count))
        chunk->count++;
    if (chunk->count)
        submit(m, chunk);
}

/* After the chunk's task, whatever became of it. */
static void discard(const struct fl_map_chunk *chunk)
{
    const filch_map_stream *m = chunk->map;
    for (size_t i = chunk->taken; i < chunk->count; i++) {
        const struct fl_map_outcome *outcome = &m->outcomes[chunk->slot + i];
        if (outcome->code == FL_MAP_NOT_RUN)
            destroy_item(m, chunk->slot + i);
        else if (!outcome->code)
            fl_map_drop_result(m, chunk->slot + i);
        free(outcome->message);
    }
}

/* Its task uses the map's memory: nothing but its end will do. One that waits
 * for the caller makes a circle, is told so, and ends. */
void fl_map_end_chunk(struct fl_map_chunk *chunk)
{
    int rc;
    do
        rc = fl_await(chunk->future, FILCH_FOREVER);
    while (rc == -EDEADLK);
    if (!rc) { /* else it runs in the parent process */
        (void)filch_future_result(chunk->future, FILCH_POLL, NULL, 0);
        discard(chunk);
    }
    filch_future_release(chunk->future);
}
