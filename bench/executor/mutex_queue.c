/* SPDX-License-Identifier: MIT */
/*
 * The textbook pool: a linked queue under one mutex, a condition variable for
 * the workers, a heap-allocated future per task. A waiter has a condition of
 * its own, so that it is woken only for what it waits for.
 */
#include "pool.h"

#include <pthread.h>
#include <stdlib.h>

struct future {
    struct future *next;
    pool_task *task;
    void *value;            /* the argument, then the result */
    pthread_cond_t *waiter; /* who waits, or NULL */
    int is_done;
    int is_detached; /* nobody will wait: the worker frees it */
};

struct queue {
    pthread_mutex_t lock; /* guards everything below and every future */
    pthread_cond_t work;
    struct future *first, **last;
    int is_closing;
    int workers;
    pthread_t threads[];
};

/* The lock is held. Returns NULL when the queue is closed and empty. */
static struct future *take(struct queue *queue)
{
    struct future *future;

    while (!queue->first && !queue->is_closing)
        pthread_cond_wait(&queue->work, &queue->lock);
    future = queue->first;
    if (future) {
        queue->first = future->next;
        if (!queue->first)
            queue->last = &queue->first;
    }
    return future;
}

/* The lock is held, but not while the task runs. */
static void run(struct queue *queue, struct future *future)
{
    pthread_mutex_unlock(&queue->lock);
    future->value = future->task(future->value);
    pthread_mutex_lock(&queue->lock);
    future->is_done = 1;
    if (future->waiter)
        pthread_cond_signal(future->waiter);
    else if (future->is_detached)
        free(future);
}

static void *work(void *arg)
{
    struct queue *queue = arg;
    struct future *future;

    pthread_mutex_lock(&queue->lock);
    while ((future = take(queue)))
        run(queue, future);
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

static void *open_pool(int workers)
{
    size_t count = (size_t)workers;
    struct queue *queue = calloc(1, sizeof *queue + count * sizeof(pthread_t));

    if (!queue)
        return NULL;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->work, NULL);
    queue->last = &queue->first;
    for (; queue->workers < workers; queue->workers++)
        if (pthread_create(&queue->threads[queue->workers], NULL, work, queue))
            abort();
    return queue;
}

static void close_pool(void *pool)
{
    struct queue *queue = pool;

    pthread_mutex_lock(&queue->lock);
    queue->is_closing = 1;
    pthread_cond_broadcast(&queue->work);
    pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < queue->workers; i++)
        pthread_join(queue->threads[i], NULL);
    pthread_cond_destroy(&queue->work);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static void use_pool(void *pool, pool_body *body, void *arg)
{
    body(pool, arg);
}

static struct future *new_future(pool_task *task, void *arg, int is_detached)
{
    struct future *future = malloc(sizeof *future);

    if (!future)
        abort();
    *future =
        (struct future){.task = task, .value = arg, .is_detached = is_detached};
    return future;
}

static void push(struct queue *queue, struct future *future)
{
    pthread_mutex_lock(&queue->lock);
    *queue->last = future;
    queue->last = &future->next;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_signal(&queue->work);
}

static void submit(void *submitter, void *ticket, pool_task *task, void *arg)
{
    struct future *future = new_future(task, arg, 0);

    *(struct future **)ticket = future;
    push(submitter, future);
}

static void *wait_for(void *submitter, void *ticket)
{
    struct queue *queue = submitter;
    struct future *future = *(struct future **)ticket;
    pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
    void *result;

    pthread_mutex_lock(&queue->lock);
    future->waiter = &arrival;
    while (!future->is_done)
        pthread_cond_wait(&arrival, &queue->lock);
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_destroy(&arrival);
    result = future->value;
    free(future);
    return result;
}

static void post(void *submitter, pool_task *task, void *arg)
{
    push(submitter, new_future(task, arg, 1));
}

static const char *version(void)
{
    return "-";
}

const struct pool_ops pool_ops = {
    .name = "mutex queue",
    .abilities = POOL_SUBMITS_INSIDE,
    .ticket_bytes = sizeof(struct future *),
    .version = version,
    .open = open_pool,
    .close = close_pool,
    .use = use_pool,
    .submit = submit,
    .wait = wait_for,
    .post = post,
};
