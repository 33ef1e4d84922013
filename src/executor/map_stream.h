/* SPDX-License-Identifier: MIT */
/*
 * A map over an input: a fixed set of chunks, together the window, each with
 * room for its items and their results. A chunk goes round: the caller fills
 * it from the input and submits it as one task, awaits that, takes the
 * results, and fills it anew. In the order of the input the chunks take turns;
 * else each comes when a completion queue says so. Everything is the caller's,
 * but for what a chunk's task reads and writes between its submit and its end:
 * those two order all accesses.
 */
#ifndef FL_EXECUTOR_MAP_STREAM_H
#define FL_EXECUTOR_MAP_STREAM_H

#include <filch/map.h>

#include "concurrent/time.h"
#include "executor/completion_queue.h"

/* outcome.code: the function has not been called (yet) */
enum { FL_MAP_NOT_RUN = 1 };

/* What became of an item. */
struct fl_map_outcome {
    int code;      /* 0; negative: the function's; FL_MAP_NOT_RUN */
    char *message; /* owned: the last filch_failf()'s, or NULL */
};

/* Items that are one task; see above. */
struct fl_map_chunk {
    filch_map_stream *map; /* immutable */
    size_t slot, room;     /* immutable: its part of the map's arrays */
    filch_future *future;  /* NULL: it is empty */
    struct fl_entry entry; /* in the completion queue */
    size_t first;          /* its first item's number */
    size_t count, taken;   /* items */
};

/* See above. */
struct filch_map_stream {
    /* Immutable. */
    struct filch_map_options options;
    filch_executor *ex;
    filch_task *fn;
    const char *site;
    filch_token *token; /* its own; cancelled: no item starts any more */
    struct filch_submit_options submit_options;
    size_t item_stride, result_stride;
    size_t chunk_count;
    struct fl_map_chunk *chunks;
    filch_completion_queue *completed; /* NULL: in order */
    /* The same; three arrays as long as the window. */
    struct fl_map_outcome *outcomes;
    unsigned char *items;
    unsigned char *results; /* NULL: no results */
    /* The caller's. */
    size_t read;                  /* items, so far */
    size_t turn;                  /* in order: the chunk that is next */
    struct fl_map_chunk *current; /* is being taken, or NULL */
    bool is_at_end;               /* nothing more is read */
    int end;       /* what there is to be said when all is taken */
    int last;      /* what was returned last */
    char *message; /* the one that goes with it, or NULL */
    bool is_over;  /* nothing more is given out */
};

/* Any thread. */
static inline bool fl_map_is_late(const filch_map_stream *m)
{
    return m->options.deadline && fl_time_is_past(m->options.deadline);
}

/* Whose turn it is: the caller, or the chunk's task. */
static inline void *fl_map_item(const filch_map_stream *m, size_t slot)
{
    return m->items + slot * m->item_stride;
}

/* NULL: there are no results. */
static inline void *fl_map_result(const filch_map_stream *m, size_t slot)
{
    return m->results ? m->results + slot * m->result_stride : NULL;
}

/* The caller. A result that nobody takes. */
static inline void fl_map_drop_result(const filch_map_stream *m, size_t slot)
{
    if (m->options.result_destroy && m->results)
        m->options.result_destroy(fl_map_result(m, slot));
}

/* The caller. Reads items into an empty chunk, and submits it; there may be
 * none. May block, as next_item and the submit do. */
void fl_map_fill(struct fl_map_chunk *chunk);
/* The caller. The chunk's task never ran, and will not: `code` says why. */
void fl_map_give_up(struct fl_map_chunk *chunk, int code);
/* The caller, once no item may start any more. Blocks until the chunk's task
 * has ended; destroys what has not been taken. */
void fl_map_end_chunk(struct fl_map_chunk *chunk);

#endif
