/* SPDX-License-Identifier: MIT */
/*
 * memory   bytes per pending task: how much the process grows while tasks
 *          queue up behind one that blocks the only worker. The caller's
 *          handles are counted apart, as handle_bytes.
 */
#include "workload.h"

#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

struct growth {
    struct bench_state *st;
    size_t count;
    double bytes;
    int is_wrong;
};

static sem_t gate;

static void *block(void *arg)
{
    while (sem_wait(&gate))
        ;
    return arg;
}

static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (file) {
        if (fscanf(file, "%*d %ld", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void fill_and_drain(
    struct growth *growth, void *submitter, struct tickets tickets)
{
    size_t last = tickets.count - 1;
    double before;

    pool_ops.submit(submitter, ticket_at(tickets, last), block, growth);
    before = resident_bytes();
    submit_echoes(submitter, tickets, last, 1);
    growth->bytes = (resident_bytes() - before) / (double)last;
    sem_post(&gate);
    if (pool_ops.wait(submitter, ticket_at(tickets, last)) != growth ||
        !collect_echoes(submitter, tickets, last, 1))
        growth->is_wrong = 1;
}

static void body(void *submitter, void *arg)
{
    struct growth *growth = arg;
    struct tickets tickets = tickets_new(growth->count);

    submit_echoes(submitter, tickets, 10, 1); /* the worker has started */
    growth->is_wrong = !collect_echoes(submitter, tickets, 10, 1);
    while (bench_next(growth->st))
        fill_and_drain(growth, submitter, tickets);
    tickets_free(tickets);
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct growth growth = {.st = st, .count = setup->scale->bulk + 1};

    sem_init(&gate, 0, 0);
    with_pool(st, setup->workers, body, &growth);
    sem_destroy(&gate);
    if (growth.is_wrong)
        bench_fail(st, "wrong results");
    bench_set_counter(st, "bytes_per_task", growth.bytes);
    bench_set_counter(st, "handle_bytes", (double)pool_ops.ticket_bytes);
}

void register_memory(const struct scale *scale)
{
    struct setup setup = {.scale = scale, .workers = 1};

    if (!(pool_ops.abilities & POOL_ONE_AT_A_TIME))
        add_workload("memory", run, setup);
}
