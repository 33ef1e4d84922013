/* SPDX-License-Identifier: MIT */
/*
 * libuv: uv_queue_work() on a loop of the submitting thread's own; waiting is
 * running the loop. libuv has one thread pool per process, whose size is fixed
 * at its first use, and uv_queue_work() must not be called in a task.
 */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct work {
    uv_work_t request;
    pool_task *task;
    void *value; /* the argument, then the result */
    int is_done; /* set in the loop's thread */
};

static int pool_size;

static void *open_pool(int workers)
{
    char text[16];

    if (pool_size != 0 && pool_size != workers)
        return NULL;
    pool_size = workers;
    snprintf(text, sizeof text, "%d", workers);
    setenv("UV_THREADPOOL_SIZE", text, 1);
    return &pool_size;
}

static void close_pool(void *pool)
{
    (void)pool;
}

static void use_pool(void *pool, pool_body *body, void *arg)
{
    uv_loop_t loop;

    (void)pool;
    if (uv_loop_init(&loop))
        abort();
    body(&loop, arg);
    uv_run(&loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&loop))
        abort();
}

static void run(uv_work_t *request)
{
    struct work *work = request->data;

    work->value = work->task(work->value);
}

static void after(uv_work_t *request, int status)
{
    struct work *work = request->data;

    if (status)
        abort();
    work->is_done = 1;
}

static void submit(void *submitter, void *ticket, pool_task *task, void *arg)
{
    struct work *work = ticket;

    work->request.data = work;
    work->task = task;
    work->value = arg;
    work->is_done = 0;
    if (uv_queue_work(submitter, &work->request, run, after))
        abort();
}

static void *wait_for(void *submitter, void *ticket)
{
    struct work *work = ticket;

    while (!work->is_done)
        uv_run(submitter, UV_RUN_ONCE);
    return work->value;
}

const struct pool_ops pool_ops = {
    .name = "libuv",
    .ticket_bytes = sizeof(struct work),
    .version = uv_version_string,
    .open = open_pool,
    .close = close_pool,
    .use = use_pool,
    .submit = submit,
    .wait = wait_for,
};
