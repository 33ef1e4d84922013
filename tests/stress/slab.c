/* SPDX-License-Identifier: MIT */
/*
 * The owner of two slabs, and three threads that free what it allocates,
 * before, while and after it closes them. No object is handed out while it is
 * in use, and the arena ends exactly once, when nothing is out any more.
 */
#include "../support/stress.h"

#include "concurrent/slab.h"

#include <stdatomic.h>
#include <string.h>

enum { PLACES = 64, ALLOCATIONS = 40000, WORDS = 7, SLABS = 2 };

/* Stays what it is while the object is free. Its size is a power of two. */
struct object {
    uint64_t is_in_use;
    uint64_t words[WORDS];
};

struct game {
    struct estate *estate;
    pthread_barrier_t start;
    _Atomic(struct object *) places[PLACES]; /* for any thread to free */
    atomic_int out;
    atomic_int is_over;
    atomic_int destroyed;
    bool shares; /* the other threads have shares of their own */
};

/* Goes with the arena, as in an executor. */
struct estate {
    struct fl_arena arena;
    struct fl_slab slabs[SLABS];
    struct game *game;
};

static void destroy(struct fl_arena *arena)
{
    struct estate *estate = (struct estate *)(void *)arena;
    struct game *game = estate->game;
    MUST(atomic_load(&game->out) == 0);
    for (int i = 0; i < SLABS; i++)
        fl_slab_unmap(&estate->slabs[i]);
    free(estate);
    atomic_fetch_add(&game->destroyed, 1);
}

static struct object *make(struct game *game, int from, uint64_t value)
{
    struct object *object = fl_slab_alloc(&game->estate->slabs[from]);
    MUST(object != NULL);
    MUST(!object->is_in_use);
    object->is_in_use = 1;
    for (int i = 0; i < WORDS; i++)
        object->words[i] = value;
    atomic_fetch_add(&game->out, 1);
    return object;
}

static void drop(struct game *game, struct object *object)
{
    if (!object)
        return;
    MUST(object->is_in_use);
    for (int i = 1; i < WORDS; i++)
        MUST(object->words[i] == object->words[0]);
    object->is_in_use = 0;
    atomic_fetch_sub(&game->out, 1);
    fl_slab_free(object);
}

/* Puts objects where the others find them, and frees those that nobody has
 * come for; then leaves, with objects still lying about. */
static void own(struct game *game, uint64_t *random)
{
    struct estate *estate = game->estate;
    fl_slab_own(estate);
    for (int i = 0; i < ALLOCATIONS; i++) {
        struct object *object = make(game, draw(random, SLABS), (uint64_t)i);
        drop(
            game, atomic_exchange(&game->places[draw(random, PLACES)], object));
        if (draw(random, 256) == 0)
            sched_yield();
    }
    fl_slab_own(NULL);
    for (int i = 0; i < SLABS; i++)
        fl_slab_close(&estate->slabs[i]);
    fl_arena_release(&estate->arena);
    atomic_store(&game->is_over, 1);
}

/* Frees whatever there is, and at the end all that is left. */
static void sweep(struct game *game, struct stress_thread *self)
{
    struct fl_arena *arena = game->shares ? &game->estate->arena : NULL;
    bool is_over = false;
    fl_slab_own(self); /* of others, like a worker */
    while (!is_over) {
        is_over = atomic_load(&game->is_over);
        int first = draw(&self->random, PLACES);
        int count = is_over ? PLACES : draw(&self->random, PLACES);
        for (int i = 0; i < count; i++)
            drop(game,
                atomic_exchange(&game->places[(first + i) % PLACES], NULL));
        if (count < PLACES / 8)
            sched_yield();
    }
    if (arena)
        fl_arena_release(arena);
}

static void *play(void *arg)
{
    struct stress_thread *self = arg;
    struct game *game = self->shared;
    pthread_barrier_wait(&game->start);
    if (self->number == 0)
        own(game, &self->random);
    else
        sweep(game, self);
    return NULL;
}

static void open_estate(struct game *game)
{
    struct estate *estate = aligned_alloc(FL_CACHE_LINE, sizeof(struct estate));
    MUST(estate != NULL);
    estate->game = game;
    fl_arena_init(&estate->arena, destroy);
    for (int i = 0; i < SLABS; i++)
        fl_slab_init(&estate->slabs[i], sizeof(struct object) * (size_t)(1 + i),
            &estate->arena, estate);
    for (int i = 1; game->shares && i < STRESS_THREADS; i++)
        fl_arena_retain(&estate->arena);
    game->estate = estate;
}

static void play_round(bool shares, uint64_t seed)
{
    static struct game game;
    memset(&game, 0, sizeof game);
    game.shares = shares;
    open_estate(&game);
    MUST(pthread_barrier_init(&game.start, NULL, STRESS_THREADS) == 0);
    stress_run(play, seed, &game);
    MUST(pthread_barrier_destroy(&game.start) == 0);
    MUST(atomic_load(&game.out) == 0);
    MUST(atomic_load(&game.destroyed) == 1);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 100 * s.scale; i++)
        play_round(i % 2, s.seed + i);
    return 0;
}
