/* SPDX-License-Identifier: MIT */
#include "ticket.h"

#include <pthread.h>
#include <stdlib.h>

struct desk {
    /* What the submitter sleeps on, or NULL. Atomic; workers read it. */
    _Alignas(64) struct ticket *awaited;
    pthread_mutex_t lock;
    pthread_cond_t arrival;
    /* The last ticket issued. Atomic; away from what workers read. */
    _Alignas(64) struct ticket *newest;
};

struct desk *desk_open(void)
{
    struct desk *desk = aligned_alloc(64, sizeof *desk);

    if (!desk)
        abort();
    desk->awaited = NULL;
    desk->newest = NULL;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->arrival, NULL);
    return desk;
}

void desk_close(struct desk *desk)
{
    pthread_cond_destroy(&desk->arrival);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

void ticket_issue(
    struct ticket *ticket, struct desk *desk, pool_task *task, void *arg)
{
    ticket->task = task;
    ticket->value = arg;
    ticket->desk = desk;
    __atomic_store_n(&ticket->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&desk->newest, ticket, __ATOMIC_RELAXED);
}

struct ticket *ticket_new_detached(pool_task *task, void *arg)
{
    struct ticket *ticket = malloc(sizeof *ticket);

    if (!ticket)
        abort();
    *ticket = (struct ticket){.task = task, .value = arg};
    return ticket;
}

void ticket_run(struct ticket *ticket)
{
    struct desk *desk = ticket->desk;

    ticket->value = ticket->task(ticket->value);
    if (!desk) {
        free(ticket);
        return;
    }
    /* [TICKET]; from here on the submitter may reuse the ticket. */
    __atomic_store_n(&ticket->done, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&desk->awaited, __ATOMIC_SEQ_CST) != ticket)
        return;
    pthread_mutex_lock(&desk->lock);
    pthread_cond_signal(&desk->arrival);
    pthread_mutex_unlock(&desk->lock);
}

static int is_done(struct ticket *ticket)
{
    return __atomic_load_n(&ticket->done, __ATOMIC_SEQ_CST);
}

static void sleep_on(struct desk *desk, struct ticket *ticket)
{
    pthread_mutex_lock(&desk->lock);
    __atomic_store_n(&desk->awaited, ticket, __ATOMIC_SEQ_CST);
    while (!is_done(ticket))
        pthread_cond_wait(&desk->arrival, &desk->lock);
    __atomic_store_n(&desk->awaited, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&desk->lock);
}

void *ticket_wait(struct ticket *ticket)
{
    struct desk *desk = ticket->desk;

    if (!is_done(ticket))
        sleep_on(desk, __atomic_load_n(&desk->newest, __ATOMIC_RELAXED));
    if (!is_done(ticket))
        sleep_on(desk, ticket);
    return ticket->value;
}
