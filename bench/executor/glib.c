/* SPDX-License-Identifier: MIT */
/* GLib's GThreadPool: exclusive (threads of its own), tickets for results. */
#include "pool.h"
#include "ticket.h"

#include <glib.h>
#include <stdio.h>

static void run(void *data, void *user_data)
{
    (void)user_data;
    ticket_run(data);
}

/* The desks are freed with the pool: workers touch them after a wait. */
struct pool {
    GThreadPool *threads;
    GAsyncQueue *desks;
};

static void *open_pool(int workers)
{
    struct pool *pool = g_new(struct pool, 1);

    pool->threads = g_thread_pool_new(run, NULL, workers, TRUE, NULL);
    pool->desks =
        g_async_queue_new_full((GDestroyNotify)(void (*)(void))desk_close);
    return pool;
}

static void close_pool(void *arg)
{
    struct pool *pool = arg;

    g_thread_pool_free(pool->threads, FALSE, TRUE);
    g_async_queue_unref(pool->desks);
    g_free(pool);
}

struct submitter {
    GThreadPool *threads;
    struct desk *desk;
};

static void use_pool(void *arg, pool_body *body, void *body_arg)
{
    struct pool *pool = arg;
    struct submitter submitter = {pool->threads, desk_open()};

    body(&submitter, body_arg);
    g_async_queue_push(pool->desks, submitter.desk);
}

static void submit(void *arg, void *ticket, pool_task *task, void *task_arg)
{
    struct submitter *submitter = arg;

    ticket_issue(ticket, submitter->desk, task, task_arg);
    g_thread_pool_push(submitter->threads, ticket, NULL);
}

static void *wait_for(void *submitter, void *ticket)
{
    (void)submitter;
    return ticket_wait(ticket);
}

static const char *version(void)
{
    static char text[32];

    snprintf(text, sizeof text, "%u.%u.%u", glib_major_version,
        glib_minor_version, glib_micro_version);
    return text;
}

static void post(void *arg, pool_task *task, void *task_arg)
{
    struct submitter *submitter = arg;

    g_thread_pool_push(
        submitter->threads, ticket_new_detached(task, task_arg), NULL);
}

const struct pool_ops pool_ops = {
    .name = "GLib",
    .abilities = POOL_SUBMITS_INSIDE,
    .ticket_bytes = sizeof(struct ticket),
    .version = version,
    .open = open_pool,
    .close = close_pool,
    .use = use_pool,
    .submit = submit,
    .wait = wait_for,
    .post = post,
};
