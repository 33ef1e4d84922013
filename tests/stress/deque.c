/* SPDX-License-Identifier: MIT */
/*
 * One deque that starts small, its owner, and three thieves, on short and on
 * long queues. Each entry comes out exactly once, with what was written before
 * it was pushed, and each thief gets them in the order of the pushes.
 */
#include "../support/stress.h"

#include "concurrent/deque.h"

#include <stdatomic.h>
#include <string.h>

enum { TOTAL = 20000, SHAPES = 10 };

struct entry {
    int number; /* plain: the deque hands it over */
    int taker;
    atomic_int times;
};

struct game {
    struct fl_deque deque;
    pthread_barrier_t start;
    atomic_int is_over;
    int burst; /* the most that the owner pushes or takes in one go */
    struct entry entries[TOTAL];
};

static void came_out(struct game *game, struct entry *entry, int taker)
{
    MUST(entry->number == (int)(entry - game->entries));
    MUST(entry->taker == -1);
    entry->taker = taker;
    MUST(atomic_fetch_add(&entry->times, 1) == 0);
}

/* No thief can change which is the newest, only whether it is left. */
static bool take_one(struct game *game)
{
    struct entry *newest = fl_deque_newest(&game->deque);
    struct entry *entry = fl_deque_take(&game->deque);
    if (!entry)
        return false;
    MUST(entry == newest);
    came_out(game, entry, 0);
    return true;
}

static void own(struct game *game, uint64_t *random)
{
    int pushed = 0;
    while (pushed < TOTAL) {
        int pushes = 1 + draw(random, game->burst);
        int takes = draw(random, game->burst + 1);
        while (pushes-- > 0 && pushed < TOTAL) {
            game->entries[pushed].number = pushed;
            game->entries[pushed].taker = -1;
            MUST(fl_deque_push(&game->deque, &game->entries[pushed]) == 0);
            pushed++;
        }
        if (draw(random, 32) == 0)
            sched_yield();
        while (takes-- > 0 && take_one(game))
            ;
    }
    while (take_one(game))
        ;
    MUST(fl_deque_size(&game->deque) == 0);
    atomic_store(&game->is_over, 1);
}

/* The oldest, or the one after the last, if that happens to be the oldest. */
static struct entry *steal_one(struct game *game, int last, bool wants_next)
{
    bool lost = false;
    if (!wants_next || last + 1 == TOTAL)
        return fl_deque_steal(&game->deque, &lost);
    struct entry *next = &game->entries[last + 1];
    return fl_deque_steal_this(&game->deque, next) ? next : NULL;
}

static void rob(struct game *game, struct stress_thread *self)
{
    int last = -1;
    while (!atomic_load(&game->is_over)) {
        bool wants_next = draw(&self->random, 4) == 0;
        struct entry *entry = steal_one(game, last, wants_next);
        if (!entry) {
            if (draw(&self->random, 16) == 0)
                sched_yield();
            continue;
        }
        came_out(game, entry, self->number);
        MUST(entry->number > last);
        last = entry->number;
    }
}

static void *play(void *arg)
{
    struct stress_thread *self = arg;
    struct game *game = self->shared;
    pthread_barrier_wait(&game->start);
    if (self->number == 0)
        own(game, &self->random);
    else
        rob(game, self);
    return NULL;
}

static void play_round(int burst, uint64_t seed)
{
    static struct game game;
    bool lost = false;
    memset(&game, 0, sizeof game);
    game.burst = burst;
    MUST(fl_deque_init(&game.deque, 2) == 0);
    MUST(pthread_barrier_init(&game.start, NULL, STRESS_THREADS) == 0);
    stress_run(play, seed, &game);
    MUST(fl_deque_steal(&game.deque, &lost) == NULL && !lost);
    for (int i = 0; i < TOTAL; i++)
        MUST(atomic_load(&game.entries[i].times) == 1);
    MUST(pthread_barrier_destroy(&game.start) == 0);
    fl_deque_free(&game.deque);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 100 * s.scale; i++)
        play_round(1 << i % SHAPES, s.seed + i);
    return 0;
}
