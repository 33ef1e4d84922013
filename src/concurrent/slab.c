/* SPDX-License-Identifier: MIT */
#include "concurrent/slab.h"

#include "platform/check.h"
#include "platform/memory.h"
#include "platform/thread.h"

/* In `remote`, where the chunk's head would be: the slab is closed. */
#define CLOSED UINT64_C(1)

_Static_assert(sizeof(struct fl_chunk) <= FL_CACHE_LINE, "one line");

_Thread_local const void *fl_slab_owner_here;

void fl_arena_init(struct fl_arena *arena, void (*destroy)(struct fl_arena *))
{
    atomic_init(&arena->live, 1);
    arena->destroy = destroy;
}

void fl_slab_init(struct fl_slab *slab, size_t object_bytes,
    struct fl_arena *arena, const void *owner)
{
    *slab = (struct fl_slab){
        .object_shift = (unsigned)__builtin_ctzll(object_bytes),
        .arena = arena,
        .owner = owner};
    atomic_init(&slab->chunks, NULL);
    atomic_init(&slab->ready, NULL);
    atomic_init(&slab->announcers, 0);
}

/* All objects of a chunk. */
static uint64_t all_of(const struct fl_slab *slab)
{
    unsigned places = FL_CHUNK_BYTES >> slab->object_shift;
    return (UINT64_C(2) << (places - 1)) - 1 - CLOSED;
}

static bool add_block(struct fl_slab *slab)
{
    slab->unused = fl_memory_map(FL_BLOCK_BYTES);
    slab->unused_bytes = slab->unused ? FL_BLOCK_BYTES : 0;
    return slab->unused;
}

/* A new chunk becomes the current one. */
static bool add_chunk(struct fl_slab *slab)
{
    if (!slab->unused_bytes && !add_block(slab))
        return false;
    struct fl_chunk *chunk = (struct fl_chunk *)(void *)slab->unused;
    slab->unused += FL_CHUNK_BYTES;
    slab->unused_bytes -= FL_CHUNK_BYTES;
    chunk->owner = slab->owner;
    chunk->slab = slab;
    chunk->next = load_relaxed(&slab->chunks);
    chunk->object_shift = (uint8_t)slab->object_shift;
    atomic_init(&chunk->remote, 0);
    /* release: pairs with the acquire in fl_slab_each */
    store_release(&slab->chunks, chunk);
    slab->current = chunk;
    slab->local = all_of(slab);
    slab->carved += __builtin_popcountll(slab->local);
    return true;
}

static void make_partial(struct fl_slab *slab, struct fl_chunk *chunk)
{
    if (chunk->is_partial)
        return;
    chunk->is_partial = true;
    chunk->next_partial = slab->partial;
    slab->partial = chunk;
}

/* Chunks that others have given objects back to are partial, too, those that
 * did so first at the front. Until its `remote` has been emptied, nobody
 * announces a chunk again [SLAB-ready]. */
static void receive_ready(struct fl_slab *slab)
{
    /* acquire: pairs with announce, so that the links are seen */
    struct fl_chunk *chunk = exchange_acquire(&slab->ready, NULL);
    while (chunk) {
        struct fl_chunk *next = chunk->next_ready;
        chunk->has_remote = true;
        if (chunk != slab->current)
            make_partial(slab, chunk);
        chunk = next;
    }
}

/* The free objects of a chunk. */
static uint64_t take_free(struct fl_chunk *chunk)
{
    uint64_t objects = chunk->local;
    chunk->local = 0;
    if (!chunk->has_remote)
        return objects;
    chunk->has_remote = false;
    /* acquire: pairs with the CAS in give_back [SLAB-free]; release: whoever
     * finds it empty may write the link that we have read [SLAB-ready] */
    return objects | exchange_acq_rel(&chunk->remote, 0);
}

/* Goes on to a chunk that has free objects. False: there is none. */
static bool switch_chunk(struct fl_slab *slab)
{
    /* relaxed: the exchange acquires */
    if (load_relaxed(&slab->ready))
        receive_ready(slab);
    if (slab->current)
        slab->local = take_free(slab->current);
    if (slab->local || !slab->partial)
        return slab->local;
    slab->current = slab->partial;
    slab->partial = slab->current->next_partial;
    slab->current->is_partial = false;
    slab->local = take_free(slab->current);
    return true;
}

void *fl_slab_alloc_slow(struct fl_slab *slab)
{
    return switch_chunk(slab) || add_chunk(slab) ? fl_slab_alloc(slab) : NULL;
}

static void drop_share(struct fl_arena *arena, int64_t shares)
{
    /* acq_rel: whoever ends it sees what all others did [SLAB-close] */
    if (fetch_sub_acq_rel(&arena->live, shares) == shares)
        arena->destroy(arena);
}

/* One live object less of a closed slab. */
static void drop_orphan(struct fl_chunk *chunk)
{
    /* acquire: pairs with fl_slab_close, which has counted it [SLAB-close] */
    (void)load_acquire(&chunk->remote);
    drop_share(chunk->slab->arena, 1);
}

/* `remote` was empty: the owner has to be told. */
static void announce(struct fl_chunk *chunk)
{
    struct fl_slab *slab = chunk->slab;
    struct fl_chunk *head = load_relaxed(&slab->ready);
    do {
        chunk->next_ready = head;
        /* release: pairs with the acquire in receive_ready [SLAB-ready] */
    } while (!cas_weak_release(&slab->ready, &head, chunk));
}

/* True: into an empty set. The object no longer keeps the arena then, so the
 * closer waits until the chunk has been announced [SLAB-ready]. */
static bool give_back_first(struct fl_chunk *chunk, uint64_t bit)
{
    struct fl_slab *slab = chunk->slab;
    uint64_t none = 0;
    /* relaxed: the closer sees it with the bit */
    fetch_add_relaxed(&slab->announcers, 1);
    /* release: as in give_back [SLAB-free]; acquire: pairs with take_free, so
     * that the link is ours [SLAB-ready] */
    bool is_first = cas_acq_rel(&chunk->remote, &none, bit);
    if (is_first)
        announce(chunk);
    /* release: pairs with the acquire in wait_for_announcers */
    fetch_sub_release(&slab->announcers, 1);
    return is_first;
}

/* Unless the slab is closed. */
static void give_back(struct fl_chunk *chunk, uint64_t bit)
{
    uint64_t set = load_relaxed(&chunk->remote);
    for (;;) {
        if (set & CLOSED) {
            drop_orphan(chunk);
            return;
        }
        FL_DEBUG_CHECK(!(set & bit), (uint32_t)__builtin_ctzll(bit));
        if (!set && give_back_first(chunk, bit))
            return;
        /* [SLAB-free] release: the object's last use is over */
        if (set && cas_weak_release(&chunk->remote, &set, set | bit))
            return;
        set = load_relaxed(&chunk->remote);
    }
}

void fl_slab_free_slow(struct fl_chunk *chunk, uint64_t bit)
{
    if (chunk->owner != fl_slab_owner_here) {
        give_back(chunk, bit);
        return;
    }
    chunk->local |= bit;
    make_partial(chunk->slab, chunk);
}

/* Marks the chunk. Its free objects. */
static uint64_t close_chunk(struct fl_chunk *chunk)
{
    /* acquire: as in take_free; release: who finds the mark finds the objects
     * counted [SLAB-close] */
    return chunk->local | exchange_acq_rel(&chunk->remote, CLOSED);
}

/* Those whose objects have just been counted as free: a few instructions. */
static void wait_for_announcers(struct fl_slab *slab)
{
    /* acquire: pairs with the release in give_back_first [SLAB-ready] */
    while (load_acquire(&slab->announcers))
        fl_thread_yield();
}

void fl_slab_close(struct fl_slab *slab)
{
    struct fl_arena *arena = slab->arena;
    int64_t unused = __builtin_popcountll(slab->local);
    /* First all count as live, so that it cannot reach zero meanwhile. */
    fetch_add_relaxed(&arena->live, slab->carved);
    for (struct fl_chunk *chunk = load_relaxed(&slab->chunks); chunk;
         chunk = chunk->next)
        unused += __builtin_popcountll(close_chunk(chunk));
    wait_for_announcers(slab);
    if (unused)
        drop_share(arena, unused);
}

void fl_arena_retain(struct fl_arena *arena)
{
    fetch_add_relaxed(&arena->live, 1);
}

void fl_arena_release(struct fl_arena *arena)
{
    drop_share(arena, 1);
}

void fl_slab_each(
    struct fl_slab *slab, void (*fn)(void *object, void *arg), void *arg)
{
    size_t bytes = (size_t)1 << slab->object_shift;
    /* acquire: pairs with the release in add_chunk */
    for (struct fl_chunk *chunk = load_acquire(&slab->chunks); chunk;
         chunk = chunk->next)
        for (size_t at = bytes; at < FL_CHUNK_BYTES; at += bytes)
            fn((char *)chunk + at, arg);
}

void fl_slab_unmap(struct fl_slab *slab)
{
    struct fl_chunk *chunk = load_relaxed(&slab->chunks);
    while (chunk) {
        struct fl_chunk *next = chunk->next;
        /* The first chunk of a block is the last one here. */
        if (((uintptr_t)chunk & (FL_BLOCK_BYTES - 1)) == 0)
            fl_memory_unmap(chunk, FL_BLOCK_BYTES);
        chunk = next;
    }
}
