/* SPDX-License-Identifier: MIT */
/*
 * Empty tasks from inside a worker, every result waited for.
 *
 * fanout          one root task submits them all; the outside waits for the
 *                 root, then for each of them.
 * fanout_joined   the root waits for each of them itself.
 */
#include "workload.h"

struct fanout {
    struct bench_state *st;
    const struct scale *scale;
    void *pool;
    void *submitter; /* the outside's */
    struct tickets tickets;
    int is_wrong; /* owned by the root, then by who waited for it */
};

static void *root(void *arg)
{
    struct fanout *fan = arg;

    submit_echoes(fan->submitter, fan->tickets, fan->tickets.count, 1);
    return fan;
}

static void fan_out(struct fanout *fan, void *ticket)
{
    pool_ops.submit(fan->submitter, ticket, root, fan);
    if (pool_ops.wait(fan->submitter, ticket) != fan)
        fan->is_wrong = 1;
    if (!collect_echoes(fan->submitter, fan->tickets, fan->tickets.count, 1))
        fan->is_wrong = 1;
}

static void submit_and_join(void *submitter, void *arg)
{
    struct fanout *fan = arg;

    submit_echoes(submitter, fan->tickets, fan->tickets.count, 1);
    if (!collect_echoes(submitter, fan->tickets, fan->tickets.count, 1))
        fan->is_wrong = 1;
}

static void *joining_root(void *arg)
{
    struct fanout *fan = arg;

    pool_ops.use(fan->pool, submit_and_join, fan);
    return fan;
}

static void fan_out_joined(struct fanout *fan, void *ticket)
{
    pool_ops.submit(fan->submitter, ticket, joining_root, fan);
    if (pool_ops.wait(fan->submitter, ticket) != fan)
        fan->is_wrong = 1;
}

typedef void fan_round(struct fanout *fan, void *ticket);

static void repeat(struct fanout *fan, fan_round *round)
{
    struct tickets root_ticket = tickets_new(1);

    round(fan, ticket_at(root_ticket, 0));
    while (bench_next(fan->st))
        round(fan, ticket_at(root_ticket, 0));
    if (fan->is_wrong)
        bench_fail(fan->st, "wrong results");
    bench_set_items(fan->st, (int64_t)fan->tickets.count);
    tickets_free(root_ticket);
}

static void outside_body(void *submitter, void *arg)
{
    struct fanout *fan = arg;

    fan->submitter = submitter;
    repeat(fan, fan_out);
}

static void joined_body(void *submitter, void *arg)
{
    struct fanout *fan = arg;

    fan->submitter = submitter;
    repeat(fan, fan_out_joined);
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct fanout fan = {
        .st = st,
        .scale = setup->scale,
        .pool = pool_ops.open(setup->workers),
        .tickets = tickets_new(setup->scale->bulk),
    };

    if (fan.pool) {
        pool_ops.use(
            fan.pool, setup->variant ? joined_body : outside_body, &fan);
        pool_ops.close(fan.pool);
    } else {
        bench_fail(st, "the pool cannot be opened");
    }
    tickets_free(fan.tickets);
}

void register_fanout(const struct scale *scale)
{
    struct setup setup = {.scale = scale, .iterations = scale->iterations};

    if (!(pool_ops.abilities & POOL_SUBMITS_INSIDE))
        return;
    for (setup.workers = 1; setup.workers <= 2; setup.workers++) {
        setup.variant = 0;
        add_workload("fanout", run, setup);
        setup.variant = 1;
        if (pool_ops.abilities & POOL_WAITS_INSIDE)
            add_workload("fanout_joined", run, setup);
    }
}
