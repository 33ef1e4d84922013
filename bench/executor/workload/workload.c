/* SPDX-License-Identifier: MIT */
#include "workload.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void add_workload(const char *name, bench_workload *run, struct setup setup)
{
    struct setup *kept = must_alloc(1, sizeof *kept);
    char full[96];

    *kept = setup;
    snprintf(full, sizeof full, "%s/workers:%d", name, setup.workers);
    bench_register(full, run, kept, setup.iterations ? setup.iterations : 1);
}

void with_pool(struct bench_state *st, int workers, pool_body *body, void *arg)
{
    void *pool = pool_ops.open(workers);

    if (!pool) {
        bench_fail(st, "the pool cannot be opened");
        return;
    }
    pool_ops.use(pool, body, arg);
    pool_ops.close(pool);
}

struct tickets tickets_new(size_t count)
{
    struct tickets tickets = {must_alloc(count, pool_ops.ticket_bytes), count};

    memset(tickets.memory, 0xff, count * pool_ops.ticket_bytes);
    return tickets;
}

void tickets_free(struct tickets tickets)
{
    free(tickets.memory);
}

void *ticket_at(struct tickets tickets, size_t i)
{
    return tickets.memory + i * pool_ops.ticket_bytes;
}

void *echo(void *arg)
{
    return arg;
}

void submit_echoes(
    void *submitter, struct tickets tickets, size_t count, size_t base)
{
    for (size_t i = 0; i < count; i++)
        pool_ops.submit(
            submitter, ticket_at(tickets, i), echo, (void *)(base + i));
}

int collect_echoes(
    void *submitter, struct tickets tickets, size_t count, size_t base)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (size_t)pool_ops.wait(submitter, ticket_at(tickets, i));
    return sum == count * base + count * (count - 1) / 2;
}

void sleep_until(int64_t time_ns)
{
    struct timespec until = {time_ns / 1000000000, time_ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
        ;
}

void for_each_other_thread(void (*fn)(pid_t tid, void *arg), void *arg)
{
    DIR *folder = opendir("/proc/self/task");
    pid_t self = gettid();
    struct dirent *entry;

    if (!folder)
        abort();
    while ((entry = readdir(folder))) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (tid > 0 && tid != self)
            fn(tid, arg);
    }
    closedir(folder);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void report_quantiles(struct bench_state *st, int64_t *samples, size_t count,
    const struct quantile *quantiles, size_t quantile_count)
{
    qsort(samples, count, sizeof *samples, compare);
    for (size_t i = 0; i < quantile_count; i++) {
        size_t rank = (size_t)(quantiles[i].q * (double)(count - 1) + 0.5);

        bench_set_counter(st, quantiles[i].name, (double)samples[rank] / 1000);
    }
}
