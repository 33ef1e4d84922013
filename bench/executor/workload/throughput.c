/* SPDX-License-Identifier: MIT */
/*
 * Empty tasks from outside, every result waited for.
 *
 * bulk/threads:T  T outside threads, each queues its share of the tasks, then
 *                 waits for them in order; timed from the start of the first
 *                 to the end of the last.
 * waves           one outside thread: 1,000 tasks, wait for all, again.
 */
#include "workload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAVE = 1000, MAX_THREADS = 4 };

/* Outside threads that run in step. */
struct crew {
    struct bench_state *st;
    const struct setup *setup;
    void *pool;
    size_t share; /* tasks of each thread */
    pthread_barrier_t start, end;
    int is_over;  /* written by the first thread between end and start */
    int is_wrong; /* atomic */
};

static void work_share(struct crew *crew, void *submitter, struct tickets mine)
{
    size_t base = (size_t)mine.memory & 0xffff;

    submit_echoes(submitter, mine, crew->share, base);
    if (!collect_echoes(submitter, mine, crew->share, base))
        __atomic_store_n(&crew->is_wrong, 1, __ATOMIC_RELAXED);
}

static void follow(void *submitter, void *arg)
{
    struct crew *crew = arg;
    struct tickets mine = tickets_new(crew->share);

    while (pthread_barrier_wait(&crew->start), !crew->is_over) {
        work_share(crew, submitter, mine);
        pthread_barrier_wait(&crew->end);
    }
    tickets_free(mine);
}

static void *follower(void *arg)
{
    struct crew *crew = arg;

    pool_ops.use(crew->pool, follow, crew);
    return NULL;
}

static void round_of(struct crew *crew, void *submitter, struct tickets mine)
{
    pthread_barrier_wait(&crew->start);
    work_share(crew, submitter, mine);
    pthread_barrier_wait(&crew->end);
}

static void lead(void *submitter, void *arg)
{
    struct crew *crew = arg;
    struct tickets mine = tickets_new(crew->share);

    round_of(crew, submitter, mine);
    while (bench_next(crew->st))
        round_of(crew, submitter, mine);
    crew->is_over = 1;
    pthread_barrier_wait(&crew->start);
    tickets_free(mine);
    if (crew->is_wrong)
        bench_fail(crew->st, "wrong results");
    bench_set_items(
        crew->st, (int64_t)(crew->share * (size_t)crew->setup->variant));
}

static void run_crew(struct crew *crew, int threads)
{
    pthread_t followers[MAX_THREADS];

    pthread_barrier_init(&crew->start, NULL, (unsigned)threads);
    pthread_barrier_init(&crew->end, NULL, (unsigned)threads);
    for (int i = 1; i < threads; i++)
        if (pthread_create(&followers[i], NULL, follower, crew))
            abort();
    pool_ops.use(crew->pool, lead, crew);
    for (int i = 1; i < threads; i++)
        pthread_join(followers[i], NULL);
    pthread_barrier_destroy(&crew->end);
    pthread_barrier_destroy(&crew->start);
}

static void bulk(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct crew crew = {
        .st = st,
        .setup = setup,
        .pool = pool_ops.open(setup->workers),
        .share = setup->scale->bulk / (size_t)setup->variant,
    };

    if (!crew.pool) {
        bench_fail(st, "the pool cannot be opened");
        return;
    }
    run_crew(&crew, setup->variant);
    pool_ops.close(crew.pool);
}

struct waves {
    struct bench_state *st;
    const struct scale *scale;
};

static int make_waves(void *submitter, struct tickets tickets, size_t count)
{
    int is_right = 1;

    for (size_t i = 0; i < count; i++) {
        submit_echoes(submitter, tickets, WAVE, i);
        is_right &= collect_echoes(submitter, tickets, WAVE, i);
    }
    return is_right;
}

static void waves_body(void *submitter, void *arg)
{
    struct waves *waves = arg;
    struct tickets tickets = tickets_new(WAVE);
    size_t count = waves->scale->waves;
    int is_right = make_waves(submitter, tickets, count / 4);

    while (bench_next(waves->st))
        is_right &= make_waves(submitter, tickets, count);
    if (!is_right)
        bench_fail(waves->st, "wrong results");
    bench_set_items(waves->st, (int64_t)(count * WAVE));
    tickets_free(tickets);
}

static void waves(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct waves waves = {st, setup->scale};

    with_pool(st, setup->workers, waves_body, &waves);
}

void register_throughput(const struct scale *scale)
{
    struct setup setup = {.scale = scale, .iterations = scale->iterations};
    char name[32];

    if (pool_ops.abilities & POOL_ONE_AT_A_TIME)
        return;
    for (setup.workers = 1; setup.workers <= 2; setup.workers++) {
        for (int threads = 1; threads <= MAX_THREADS; threads *= 2) {
            setup.variant = threads;
            snprintf(name, sizeof name, "bulk/threads:%d", threads);
            add_workload(name, bulk, setup);
        }
        add_workload("waves", waves, setup);
    }
}
