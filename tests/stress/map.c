/* SPDX-License-Identifier: MIT */
/*
 * Four threads with maps over inputs, all on one pool: in order or as
 * completed, of any window and chunk, in the thread or in a task, some items
 * with maps of their own, some that fail; taken to the end, closed early, timed
 * out, or cut off by a shutdown. Each item read comes out, has its outcome,
 * and is destroyed once.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

enum { MOST_ITEMS = 200 };

/* One item's life. */
struct life {
    atomic_int begun;
    atomic_int destroyed;
};

struct round {
    filch_executor *ex;
    uint64_t random; /* of this map */
    int depth;
    int count;
    int read;
    int taken;
    bool is_shut; /* the pool may go first */
    struct life lives[MOST_ITEMS];
};

struct item {
    struct round *round;
    int number;
};

static int next_item(void *data, void *item)
{
    struct round *round = data;
    if (round->read == round->count)
        return 0;
    *(struct item *)item = (struct item){round, round->read++};
    return 1;
}

static void destroy_item(void *arg)
{
    const struct item *item = arg;
    atomic_fetch_add(&item->round->lives[item->number].destroyed, 1);
}

static void play_map(filch_executor *ex, uint64_t seed, int depth, bool shut);

static int work(filch_ctx *cx, void *arg, void *result)
{
    const struct item *item = arg;
    MUST(atomic_fetch_add(&item->round->lives[item->number].begun, 1) == 0);
    if (item->number % 11 == 7)
        return filch_failf(cx, -1000 - item->number, "%d", item->number);
    if (item->number % 37 == 5 && item->round->depth < 2)
        play_map(filch_ctx_executor(cx),
            item->round->random + (uint64_t)item->number,
            item->round->depth + 1, item->round->is_shut);
    *(int *)result = item->number;
    return 0;
}

static bool is_end_of_pool(const struct round *round, int rc)
{
    return round->is_shut && (rc == -ECANCELED || rc == FILCH_ESHUTDOWN);
}

static void check_outcome(const struct round *round, filch_map_stream *m,
    int rc, int number, int value)
{
    struct filch_failure why;
    MUST(filch_map_failure(m, &why) == (rc < 0 ? rc : 0));
    if (rc == 1)
        MUST(value == number);
    else if (!is_end_of_pool(round, rc))
        MUST(rc == -1000 - number && atoi(why.message) == number);
}

/* What came at the end; 1: stopped before. */
static int take(
    struct round *round, filch_map_stream *m, bool is_ordered, int most)
{
    while (round->taken < most) {
        int value = -1;
        size_t index;
        int rc = filch_map_next(m, &value, &index);
        if (index == FILCH_NO_ITEM)
            return rc;
        MUST(index < (size_t)round->read);
        MUST(!is_ordered || index == (size_t)round->taken);
        check_outcome(round, m, rc, (int)index, value);
        round->taken++;
    }
    return 1;
}

/* A map in an item ends with the item's map. */
static void check_end(const struct round *round, int rc, bool has_deadline)
{
    if (rc == 0)
        MUST(round->taken == round->count && round->read == round->count);
    else
        MUST(rc == 1 || is_end_of_pool(round, rc) ||
             (rc == -ETIMEDOUT && (has_deadline || round->depth > 0)) ||
             (rc == -ECANCELED && round->depth > 0));
}

static void check_lives(struct round *round)
{
    for (int i = 0; i < MOST_ITEMS; i++) {
        MUST(atomic_load(&round->lives[i].destroyed) == (i < round->read));
        MUST(atomic_load(&round->lives[i].begun) <= (i < round->read));
    }
}

static void use_map(struct round *round)
{
    uint64_t *random = &round->random;
    filch_map_stream *m = NULL;
    struct filch_map_options options = {.next_item = next_item,
        .data = round,
        .item_bytes = sizeof(struct item),
        .result_bytes = sizeof(int),
        .window = (size_t)draw(random, 40),
        .chunk = (size_t)draw(random, 12),
        .order = draw(random, 2) ? FILCH_ORDERED : FILCH_AS_COMPLETED,
        .deadline =
            draw(random, 4) ? 0 : filch_after(FILCH_US(draw(random, 300))),
        .item_destroy = destroy_item};
    int most = draw(random, 3) ? INT32_MAX : draw(random, MOST_ITEMS);
    MUST(filch_map_open(&m, round->ex, work, &options) == 0);
    int rc = take(round, m, options.order == FILCH_ORDERED, most);
    check_end(round, rc, options.deadline);
    MUST(filch_map_close(m) == 0);
    check_lives(round);
}

static int use_map_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    use_map(*(struct round **)arg);
    return 0;
}

static void play_map(filch_executor *ex, uint64_t seed, int depth, bool shut)
{
    struct round *round = calloc(1, sizeof *round);
    MUST(round != NULL);
    round->ex = ex;
    round->random = seed;
    round->depth = depth;
    round->is_shut = shut;
    round->count = draw(&round->random, depth ? 20 : MOST_ITEMS);
    if (!depth && draw(&round->random, 2)) {
        int rc = settle(filch_submit(ex, use_map_in_task, &round));
        MUST(rc == 0 || is_end_of_pool(round, rc));
    } else {
        use_map(round);
    }
    free(round);
}

struct shared {
    filch_executor *ex;
    bool is_shut;
};

static void *drive(void *arg)
{
    struct stress_thread *self = arg;
    const struct shared *shared = self->shared;
    for (int i = 0; i < 10; i++) {
        if (shared->is_shut && self->number == 0 && i == 3)
            (void)filch_executor_shutdown(
                shared->ex, FILCH_CANCEL_PENDING, FILCH_POLL);
        play_map(shared->ex, draw_bits(&self->random), 0, shared->is_shut);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 150 * s.scale; i++) {
        struct shared shared = {
            open_with((struct filch_config){.workers = 1 + (int)(i % 4),
                .spares = i % 3 ? 0 : FILCH_NO_SPARES}),
            i % 5 == 4};
        stress_run(drive, s.seed + i, &shared);
        MUST(filch_executor_close(shared.ex) == 0);
    }
    return 0;
}
