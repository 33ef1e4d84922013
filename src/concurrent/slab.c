/* SPDX-License-Identifier: MIT */
#include "concurrent/slab.h"

#include "platform/memory.h"

/* Chunks are aligned to their size, so that an object's chunk is found by
 * masking its address. */
enum { CHUNK_BYTES = 1 << 18 };

struct fl_chunk {
    struct fl_slab *slab;  /* immutable */
    struct fl_chunk *next; /* owner only */
};

/* What `remote` holds once the slab is closed. */
static struct fl_slab_object closed;

static _Thread_local const void *mine
    __attribute__((tls_model("initial-exec")));

void fl_slab_own(const void *owner)
{
    mine = owner;
}

static struct fl_slab *slab_of(const void *object)
{
    uintptr_t chunk = (uintptr_t)object & ~(uintptr_t)(CHUNK_BYTES - 1);
    return ((struct fl_chunk *)chunk)->slab;
}

struct fl_arena *fl_slab_arena(const void *object)
{
    return slab_of(object)->arena;
}

void fl_arena_init(struct fl_arena *arena, void (*destroy)(struct fl_arena *))
{
    atomic_init(&arena->live, 1);
    arena->destroy = destroy;
}

void fl_slab_init(struct fl_slab *slab, size_t object_bytes,
    struct fl_arena *arena, const void *owner)
{
    *slab = (struct fl_slab){
        .object_bytes = object_bytes, .arena = arena, .owner = owner};
    atomic_init(&slab->remote, NULL);
}

static bool add_chunk(struct fl_slab *slab)
{
    struct fl_chunk *chunk = fl_memory_map(CHUNK_BYTES);
    if (!chunk)
        return false;
    chunk->slab = slab;
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    /* The head of the chunk takes the place of one object. */
    slab->unused = (char *)chunk + slab->object_bytes;
    slab->unused_bytes = CHUNK_BYTES - slab->object_bytes;
    return true;
}

void *fl_slab_alloc_slow(struct fl_slab *slab)
{
    if (slab->unused_bytes < slab->object_bytes) {
        /* acquire: pairs with the push in give_back [SLAB-free] */
        if (load_relaxed(&slab->remote)) {
            slab->local = exchange_acquire(&slab->remote, NULL);
            return fl_slab_alloc(slab);
        }
        if (!add_chunk(slab))
            return NULL;
    }
    void *object = slab->unused;
    slab->unused += slab->object_bytes;
    slab->unused_bytes -= slab->object_bytes;
    slab->carved++;
    return object;
}

static void drop_share(struct fl_arena *arena, int64_t shares)
{
    /* acq_rel: whoever ends it sees what all others did [SLAB-close] */
    if (fetch_sub_acq_rel(&arena->live, shares) == shares)
        arena->destroy(arena);
}

/* One live object less of a closed slab. */
static void drop_orphan(struct fl_slab *slab)
{
    /* acquire: pairs with fl_slab_close, which has counted it [SLAB-close] */
    (void)load_acquire(&slab->remote);
    drop_share(slab->arena, 1);
}

/* Onto the owner's stack, unless the slab is closed. */
static void give_back(struct fl_slab *slab, struct fl_slab_object *object)
{
    struct fl_slab_object *head = load_relaxed(&slab->remote);
    do {
        if (head == &closed) {
            drop_orphan(slab);
            return;
        }
        object->next = head;
        /* [SLAB-free] release: the object's last use is over */
    } while (!cas_weak_release(&slab->remote, &head, object));
}

void fl_slab_free(void *object)
{
    struct fl_slab *slab = slab_of(object);
    struct fl_slab_object *freed = object;
    if (slab->owner == mine) {
        freed->next = slab->local;
        slab->local = freed;
    } else {
        give_back(slab, freed);
    }
}

static int64_t length(const struct fl_slab_object *object)
{
    int64_t count = 0;
    for (; object; object = object->next)
        count++;
    return count;
}

void fl_slab_close(struct fl_slab *slab)
{
    struct fl_arena *arena = slab->arena;
    /* First all count as live, so that it cannot reach zero meanwhile. */
    fetch_add_relaxed(&arena->live, slab->carved);
    /* acquire: as in fl_slab_alloc_slow; release: who finds the mark finds
     * the objects counted [SLAB-close] */
    struct fl_slab_object *remote = exchange_acq_rel(&slab->remote, &closed);
    int64_t unused = length(slab->local) + length(remote);
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

void fl_slab_unmap(struct fl_slab *slab)
{
    for (struct fl_chunk *chunk = slab->chunks; chunk;) {
        struct fl_chunk *next = chunk->next;
        fl_memory_unmap(chunk, CHUNK_BYTES);
        chunk = next;
    }
}
