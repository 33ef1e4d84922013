/* SPDX-License-Identifier: MIT */
/*
 * Slabs: objects of one size, handed out by one owner, given back by anybody.
 *
 * Owner (a worker, or whoever holds an inbox's lock): alloc.
 * Any thread: free. A slab consists of chunks of 4 KiB, and each chunk knows
 * its free objects as bits: those that the owner has freed, and those that
 * others have. The owner uses up one chunk before it goes on to the next, so
 * that neighbours in time are neighbours in memory, in whatever order objects
 * come home, and nobody touches an object to free it. No allocation in the
 * steady state; an atomic operation for an object that comes home, a few more
 * for the first one of a chunk.
 * Source: Leijen, Zorn, de Moura, "Mimalloc: Free List Sharding in Action"
 * (APLAS 2019), section 2, with sets in place of its lists.
 *
 * Objects may outlive the owner: the slabs of an executor belong to an arena,
 * which is closed with it and goes when the last object has been freed. The
 * argument is in README.md, [SLAB-free], [SLAB-ready], [SLAB-close].
 */
#ifndef FL_CONCURRENT_SLAB_H
#define FL_CONCURRENT_SLAB_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "concurrent/atomic.h"

/* What an executor's slabs, and the objects that are out, share. */
struct fl_arena {
    _Atomic int64_t live; /* any thread, atomic: see [SLAB-close] */
    void (*destroy)(struct fl_arena *); /* immutable: frees the arena */
};

/* Chunks are aligned to their size, so that an object's chunk is found by
 * masking its address; they come in blocks, which are, too. */
enum { FL_CHUNK_BYTES = 1 << 12, FL_BLOCK_BYTES = 1 << 18 };

/* The head of a chunk, in the place of its first object; bit i of a set is
 * the object at i times the size. */
struct fl_chunk {
    const void *owner;           /* immutable: see fl_slab_own() */
    struct fl_slab *slab;        /* immutable */
    struct fl_chunk *next;       /* immutable: all chunks of the slab */
    _Atomic uint64_t remote;     /* any thread, atomic: freed by others */
    struct fl_chunk *next_ready; /* whoever announces the chunk */
    /* Owner only; `local` is the slab's own while the chunk is current: */
    uint64_t local;                /* free objects, freed by the owner */
    struct fl_chunk *next_partial; /* in the slab's list */
    bool is_partial;               /* is it in that list? */
    bool has_remote;               /* off `ready`, `remote` not emptied yet */
    uint8_t object_shift;          /* immutable: log2 of the size */
};

struct fl_slab {
    uint64_t local;           /* owner only: free in the current chunk */
    struct fl_chunk *current; /* owner only: where objects come from */
    unsigned object_shift;    /* immutable: log2 of the size */
    struct fl_chunk *partial; /* owner only: others with free objects */
    struct fl_chunk *chunks;  /* owner only: all, the newest first */
    char *unused;             /* owner only: rest of the newest block */
    size_t unused_bytes;      /* owner only */
    int64_t carved;           /* owner only: objects there are */
    struct fl_arena *arena;   /* immutable */
    const void *owner;        /* immutable: see fl_slab_own() */
    /* Any thread, atomic: chunks with something in `remote`. */
    alignas(FL_CACHE_LINE) _Atomic(struct fl_chunk *) ready;
    _Atomic uint32_t announcers; /* any thread, atomic: about to push there */
};

/* The size: a power of two, from a chunk's head to half a chunk. */
void fl_slab_init(struct fl_slab *slab, size_t object_bytes,
    struct fl_arena *arena, const void *owner);

/* The rest of alloc: the current chunk is used up. */
void *fl_slab_alloc_slow(struct fl_slab *slab);
/* Owner only. Allocates a chunk when it has no free object. NULL: out of
 * memory. The object's contents are what they were. */
static inline void *fl_slab_alloc(struct fl_slab *slab)
{
    uint64_t free = slab->local;
    if (!free)
        return fl_slab_alloc_slow(slab);
    slab->local = free & (free - 1);
    size_t at = (size_t)__builtin_ctzll(free) << slab->object_shift;
    return (char *)slab->current + at;
}

/* Any thread. Wait-free. The chunk that an object is in. */
static inline struct fl_chunk *fl_slab_chunk(const void *object)
{
    return (struct fl_chunk *)((uintptr_t)object &
                               ~(uintptr_t)(FL_CHUNK_BYTES - 1));
}

/* The `owner` of the slabs that belong to the calling thread, or NULL. */
extern _Thread_local const void *fl_slab_owner_here
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Any thread. Wait-free. The bit of an object in its chunk's sets. */
static inline uint64_t fl_slab_bit(const void *object)
{
    size_t at = (uintptr_t)object & (FL_CHUNK_BYTES - 1);
    return UINT64_C(1) << (at >> fl_slab_chunk(object)->object_shift);
}

/* The rest of free: not into the current chunk of the owner. */
void fl_slab_free_slow(struct fl_chunk *chunk, uint64_t bit);
/* Any thread. Lock-free. The arena may be gone afterwards. */
static inline void fl_slab_free(void *object)
{
    struct fl_chunk *chunk = fl_slab_chunk(object);
    uint64_t bit = fl_slab_bit(object);
    if (chunk->owner == fl_slab_owner_here && chunk == chunk->slab->current)
        chunk->slab->local |= bit;
    else
        fl_slab_free_slow(chunk, bit);
}

/* Any thread. The arena of an object. */
static inline struct fl_arena *fl_slab_arena(const void *object)
{
    return fl_slab_chunk(object)->slab->arena;
}

/* The calling thread is the owner of the slabs with this `owner` from now on
 * (NULL: of none). */
static inline void fl_slab_own(const void *owner)
{
    fl_slab_owner_here = owner;
}

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
