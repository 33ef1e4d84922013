/* SPDX-License-Identifier: MIT */
/*
 * Each task waits for another one, drawn at random, in several executors. All
 * end; each cycle is reported to one of its tasks at least; and no task that
 * is not in a cycle is told that it is, unless there are no spares: then two
 * executors can be stuck in each other without one.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

enum { NODES = 24 };

struct graph;

struct vertex {
    struct graph *graph;
    int next; /* whom it waits for; NODES: nobody */
    int way;
};

struct graph {
    atomic_int is_ready;
    struct vertex vertices[NODES];
    filch_future *fs[NODES];
    int rc[NODES];
};

static int wait_for(filch_future *f, int way)
{
    if (way == 0)
        return outcome(f);
    if (way == 1)
        return filch_wait(&f, 1, FILCH_ALL, FILCH_FOREVER, NULL);
    filch_completion_queue *cq = NULL;
    MUST(filch_completion_queue_open(&cq) == 0);
    MUST(filch_completion_queue_add(cq, f, NULL) == 0);
    int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
    filch_completion_queue_close(cq);
    return rc;
}

static int wait_for_next(filch_ctx *cx, void *arg, void *result)
{
    struct vertex *v = arg;
    struct graph *g = v->graph;
    (void)cx;
    (void)result;
    UNTIL(atomic_load(&g->is_ready));
    if (v->next < NODES)
        g->rc[v - g->vertices] = wait_for(g->fs[v->next], v->way);
    return 0;
}

/* The least vertex of the cycle that @p i is on, or -1. */
static int cycle_of(const struct graph *g, int i)
{
    int least = i;
    int at = g->vertices[i].next;
    for (int steps = 0; steps < NODES && at < NODES && at != i; steps++) {
        least = at < least ? at : least;
        at = g->vertices[at].next;
    }
    return at == i ? least : -1;
}

static void check(const struct graph *g, bool has_spares)
{
    int reported[NODES] = {0};
    for (int i = 0; i < NODES; i++) {
        int cycle = cycle_of(g, i);
        MUST(g->rc[i] >= 0 || g->rc[i] == -EDEADLK);
        MUST(g->rc[i] >= 0 || cycle >= 0 || !has_spares);
        if (cycle >= 0)
            reported[cycle] += g->rc[i] == -EDEADLK;
    }
    for (int i = 0; i < NODES; i++)
        MUST(cycle_of(g, i) != i || reported[i] >= 1 || !has_spares);
}

static void play_round(int workers, int spares, uint64_t random)
{
    static struct graph g;
    filch_executor *ex[2];
    memset(&g, 0, sizeof g);
    for (int i = 0; i < 2; i++)
        ex[i] = open_with(
            (struct filch_config){.workers = workers, .spares = spares});
    for (int i = 0; i < NODES; i++) {
        g.vertices[i] =
            (struct vertex){&g, draw(&random, NODES + 1), draw(&random, 3)};
        g.fs[i] =
            filch_submit(ex[draw(&random, 2)], wait_for_next, &g.vertices[i]);
    }
    atomic_store(&g.is_ready, 1);
    for (int i = 0; i < NODES; i++)
        MUST(outcome(g.fs[i]) == 0);
    check(&g, spares != FILCH_NO_SPARES);
    for (int i = 0; i < NODES; i++)
        filch_future_release(g.fs[i]);
    for (int i = 0; i < 2; i++)
        MUST(filch_executor_close(ex[i]) == 0);
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 200 * s.scale; i++)
        play_round(1 + (int)(i % 4), i % 8 < 4 ? 0 : FILCH_NO_SPARES,
            (s.seed + i) * 977);
    return 0;
}
