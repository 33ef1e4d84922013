/* SPDX-License-Identifier: MIT */
/*
 * Slabs: objects of one size, handed out by one owner, given back by anybody.
 *
 * Owner (a worker, or whoever holds an inbox's lock): alloc.
 * Any thread: free. An object goes back to the slab that it came from: into
 * the owner's list if the owner frees it, else onto a stack that the owner
 * empties as a whole when its list has run out. No allocation and at most one
 * atomic operation per object in the steady state.
 *
 * Objects may outlive the owner: the slabs of an executor belong to an arena,
 * which is closed with it and goes when the last object has been freed. The
 * argument is in README.md, [SLAB-close].
 */
#ifndef FL_CONCURRENT_SLAB_H
#define FL_CONCURRENT_SLAB_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "concurrent/atomic.h"

struct fl_chunk;

/* What an object is while it is free: the first word is left alone, so that
 * a stale handle can be told from a live one. */
struct fl_slab_object {
    uint64_t first_word;
    struct fl_slab_object *next; /* whoever holds the list */
};

struct fl_arena {
    _Atomic int64_t live; /* any thread, atomic: see [SLAB-close] */
    void (*destroy)(struct fl_arena *); /* immutable: frees the arena */
};

struct fl_slab {
    struct fl_slab_object *local; /* owner only: free objects */
    char *unused;                 /* owner only: rest of the newest chunk */
    size_t unused_bytes;          /* owner only */
    struct fl_chunk *chunks;      /* owner only */
    int64_t carved;               /* owner only: objects there are */
    size_t object_bytes;          /* immutable */
    struct fl_arena *arena;       /* immutable */
    const void *owner;            /* immutable: see fl_slab_own() */
    alignas(FL_CACHE_LINE) _Atomic(struct fl_slab_object *) remote;
};

void fl_slab_init(struct fl_slab *slab, size_t object_bytes,
    struct fl_arena *arena, const void *owner);

void *fl_slab_alloc_slow(struct fl_slab *slab);
/* Owner only. Allocates a chunk when it has no free object. NULL: out of
 * memory. The object's contents are what they were. */
static inline void *fl_slab_alloc(struct fl_slab *slab)
{
    struct fl_slab_object *object = slab->local;
    if (!object)
        return fl_slab_alloc_slow(slab);
    slab->local = object->next;
    __builtin_prefetch(object->next, 1);
    return object;
}

/* Any thread. Lock-free. The arena may be gone afterwards. */
void fl_slab_free(void *object);

/* Any thread. The arena of an object. */
struct fl_arena *fl_slab_arena(const void *object);

/* The calling thread is the owner of the slabs with this `owner` from now on
 * (NULL: of none). */
void fl_slab_own(const void *owner);

/* Starts with one share of `live`, the executor's. */
void fl_arena_init(struct fl_arena *arena, void (*destroy)(struct fl_arena *));

/* Owner, last call: no more allocations; objects may be freed later. */
void fl_slab_close(struct fl_slab *slab);

/* Any thread with a share, or an object of the arena. One share more. */
void fl_arena_retain(struct fl_arena *arena);
/* Any thread. Gives a share back; the executor's, after its slabs are closed.
 * May destroy the arena. */
void fl_arena_release(struct fl_arena *arena);

/* From the arena's destroy(): gives back the memory. */
void fl_slab_unmap(struct fl_slab *slab);

#endif
