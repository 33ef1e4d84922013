/* SPDX-License-Identifier: MIT */
/*
 * One inbox that starts small, two submitters and two takers. Each entry comes
 * out exactly once, with what was written before it was pushed; those of one
 * submitter in their order, and without a gap within what is taken at once.
 */
#include "../support/stress.h"

#include "concurrent/inbox.h"

#include <stdatomic.h>
#include <string.h>

enum { SUBMITTERS = STRESS_THREADS / 2, EACH = 10000, MOST = 16, SHAPES = 6 };

struct entry {
    int submitter; /* plain: the inbox hands it over */
    int number;
    atomic_int times;
};

struct game {
    struct fl_inbox inbox;
    pthread_barrier_t start;
    atomic_int finished; /* submitters */
    int burst;           /* the most that is pushed under the lock */
    struct entry entries[SUBMITTERS][EACH];
};

static void push_one(struct game *game, int submitter, int number)
{
    struct entry *entry = &game->entries[submitter][number];
    entry->submitter = submitter;
    entry->number = number;
    MUST(fl_inbox_push(&game->inbox, entry) == 0);
}

static void submit(struct game *game, int submitter, uint64_t *random)
{
    int pushed = 0;
    while (pushed < EACH) {
        int count = 1 + draw(random, game->burst);
        fl_lock_take(&game->inbox.lock);
        while (count-- > 0 && pushed < EACH)
            push_one(game, submitter, pushed++);
        fl_lock_drop(&game->inbox.lock);
        if (draw(random, 32) == 0)
            sched_yield();
    }
    atomic_fetch_add(&game->finished, 1);
}

/* What came out at once; `last` is of this taker, for each submitter. */
static void check(struct game *game, void **xs, size_t count, int *last)
{
    int before[SUBMITTERS];
    memset(before, -1, sizeof before);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = xs[i];
        int by = entry->submitter;
        MUST(entry == &game->entries[by][entry->number]);
        MUST(atomic_fetch_add(&entry->times, 1) == 0);
        MUST(entry->number > last[by]);
        MUST(before[by] < 0 || entry->number == before[by] + 1);
        before[by] = last[by] = entry->number;
    }
}

/* One more look after the submitters have finished finds it empty for good,
 * or takes some. */
static void empty(struct game *game, uint64_t *random)
{
    int last[SUBMITTERS];
    memset(last, -1, sizeof last);
    for (;;) {
        void *xs[MOST];
        bool emptied;
        bool is_over = atomic_load(&game->finished) == SUBMITTERS;
        size_t most = 1 + (size_t)draw(random, MOST);
        size_t count = fl_inbox_take(&game->inbox, xs, most, &emptied);
        MUST(count <= most);
        check(game, xs, count, last);
        if (count == 0 && is_over)
            return;
        if (count == 0)
            sched_yield();
    }
}

static void *play(void *arg)
{
    struct stress_thread *self = arg;
    struct game *game = self->shared;
    pthread_barrier_wait(&game->start);
    if (self->number < SUBMITTERS)
        submit(game, self->number, &self->random);
    else
        empty(game, &self->random);
    return NULL;
}

static void play_round(int burst, uint64_t seed)
{
    static struct game game;
    memset(&game, 0, sizeof game);
    game.burst = burst;
    MUST(fl_inbox_init(&game.inbox, 2) == 0);
    MUST(pthread_barrier_init(&game.start, NULL, STRESS_THREADS) == 0);
    stress_run(play, seed, &game);
    MUST(fl_inbox_size(&game.inbox) == 0);
    for (int i = 0; i < SUBMITTERS; i++)
        for (int j = 0; j < EACH; j++)
            MUST(atomic_load(&game.entries[i][j].times) == 1);
    MUST(pthread_barrier_destroy(&game.start) == 0);
    fl_inbox_free(&game.inbox);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 150 * s.scale; i++)
        play_round(1 << i % SHAPES, s.seed + i);
    return 0;
}
