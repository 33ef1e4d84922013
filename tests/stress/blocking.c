/* SPDX-License-Identifier: MIT */
/*
 * Tasks that block on each other through pipes, marked as blocking, on pools
 * that would be stuck at once without spares. Byte i of a pipe is read by one
 * task and written by another; all bytes arrive.
 */
#include "../support/gate.h"
#include "../support/pool.h"
#include "../support/stress.h"

enum { PAIRS = 30, ROUNDS = 200 };

struct pair {
    int fds[2];
    atomic_int *read;
    atomic_int *written;
};

static int read_one(filch_ctx *cx, void *arg, void *result)
{
    struct pair *pair = arg;
    ssize_t n = 0;
    char byte = 0;
    (void)cx;
    (void)result;
    filch_blocking {
        n = read(pair->fds[0], &byte, 1);
    }
    MUST(n == 1 && byte == 'b');
    atomic_fetch_add(pair->read, 1);
    return 0;
}

static int write_one(filch_ctx *cx, void *arg, void *result)
{
    struct pair *pair = arg;
    (void)cx;
    (void)result;
    MUST(write(pair->fds[1], "b", 1) == 1);
    atomic_fetch_add(pair->written, 1);
    return 0;
}

/* The spares suffice for all readers; the writers come last. */
static void play_round(int workers, struct pair *pairs, uint64_t *random)
{
    filch_future *fs[2 * PAIRS];
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = PAIRS});
    for (int i = 0; i < PAIRS; i++)
        fs[i] = filch_submit(ex, read_one, &pairs[i]);
    for (int i = 0; i < PAIRS; i++)
        fs[PAIRS + i] = filch_submit(ex, write_one, &pairs[i]);
    for (int i = 0; i < PAIRS; i++)
        if (draw(random, 2) == 0)
            (void)outcome(fs[i]);
    for (int i = 0; i < 2 * PAIRS; i++)
        MUST(settle(fs[i]) == 0);
    MUST(filch_executor_threads(ex) <= workers + PAIRS);
    MUST(filch_executor_close(ex) == 0);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    struct pair pairs[PAIRS];
    atomic_int read_count = 0;
    atomic_int written_count = 0;
    uint64_t random = s.seed;
    int rounds = (int)(ROUNDS * s.scale);
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = (struct pair){{-1, -1}, &read_count, &written_count};
        MUST(pipe(pairs[i].fds) == 0);
    }
    for (int i = 0; i < rounds; i++)
        play_round(1 + i % 4, pairs, &random);
    MUST(atomic_load(&read_count) == rounds * PAIRS);
    MUST(atomic_load(&written_count) == rounds * PAIRS);
    return 0;
}
