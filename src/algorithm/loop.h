/* SPDX-License-Identifier: MIT */
/*
 * A loop over a range that gives half of what it has left to another worker
 * when one is hungry. What a thread does of it in one go, from left to right,
 * has a state: the caller's, or one in the record of a piece that was stolen.
 * See README.md.
 */
#ifndef FL_ALGORITHM_LOOP_H
#define FL_ALGORITHM_LOOP_H

#include <filch/executor.h>
#include <filch/fork.h>

#include <stdalign.h>
#include <string.h>

#include "concurrent/lock.h"

/* The numbers i with begin <= i < end. */
struct fl_range {
    size_t begin, end;
};

struct fl_loop;

/* A fork of a loop: the right half of what was left. */
struct fl_piece {
    struct filch_fork_record head;
    struct fl_loop *loop;
    struct fl_range range;
    /* Of who stole it. */
    alignas(FILCH_FORK_ALIGN) unsigned char state[];
};

struct fl_loop {
    struct filch_fork_type type; /* of its pieces; immutable */
    /* Does a part. Not 0: nothing behind it is wanted. Immutable. */
    int (*chunk)(struct fl_loop *loop, filch_ctx *cx, struct fl_range range,
        void *state);
    /* The piece has been done elsewhere, up to `last` [LOOP-meet], and `state`
     * ends where it begins. Immutable; NULL: nothing to be done. */
    void (*meet)(
        struct fl_loop *loop, void *state, const struct fl_piece *piece);
    const void *identity; /* of a state; NULL: zeroes; immutable */
    size_t state_bytes;   /* immutable */
    /* What begins behind it is not wanted: the lock's holder writes, any
     * thread reads. */
    _Atomic size_t last;
    struct fl_lock lock;
    int code;      /* why; under the lock */
    char *message; /* the same, owned */
};

/* Once, before anything else: those that are immutable, but `type`. */
void fl_loop_init(struct fl_loop *loop, const char *name);

/* Any thread. Blocks. Does the range; `state` may be NULL if there is none. 0,
 * the code of the first part that was not 0, or of a refusal. */
int fl_loop_run(filch_executor *ex, struct fl_loop *loop, struct fl_range range,
    void *state);

/* Any thread, in a part. Nothing behind the number is wanted. What has been
 * found counts before a failure at the same place. */
void fl_loop_stop(struct fl_loop *loop, size_t last, int code);

/* Writes an empty value. */
static inline void fl_value_clear(
    void *value, const void *identity, size_t bytes)
{
    if (identity)
        memcpy(value, identity, bytes);
    else
        memset(value, 0, bytes);
}

#endif
