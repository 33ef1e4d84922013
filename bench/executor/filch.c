/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <filch.h>
#include <stdint.h>
#include <stdlib.h>

static void *open_pool(int workers)
{
    struct filch_config config = {
        .workers = workers,
        .queue_limit = FILCH_UNBOUNDED,
    };
    filch_executor *ex;

    return filch_executor_open(&ex, &config) == 0 ? ex : NULL;
}

static void close_pool(void *pool)
{
    if (filch_executor_close(pool) != 0)
        abort();
}

static void use_pool(void *pool, pool_body *body, void *arg)
{
    body(pool, arg);
}

static void submit(void *submitter, void *ticket, pool_task *task, void *arg)
{
    filch_future **future = ticket;

    *future = filch_submit((filch_executor *)submitter, task, arg);
}

static void *wait_for(void *submitter, void *ticket)
{
    filch_future *future = *(filch_future **)ticket;
    void *result;

    (void)submitter;
    if (filch_future_result(future, FILCH_FOREVER, &result, sizeof result))
        abort();
    filch_future_release(future);
    return result;
}

static void post(void *submitter, pool_task *task, void *arg)
{
    if (filch_submit_with(NULL, (filch_executor *)submitter, task, arg, NULL))
        abort();
}

const struct pool_ops pool_ops = {
    .name = "filch",
    .abilities = POOL_SUBMITS_INSIDE | POOL_WAITS_INSIDE,
    .ticket_bytes = sizeof(filch_future *),
    .version = filch_version,
    .open = open_pool,
    .close = close_pool,
    .use = use_pool,
    .submit = submit,
    .wait = wait_for,
    .post = post,
};
