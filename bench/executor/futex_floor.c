/* SPDX-License-Identifier: MIT */
/*
 * The floor of a submit and a wait: one thread, one place for a task, one
 * futex word each way, no spinning. No queue: one task in flight.
 */
#include "pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct floor {
    pthread_t thread;
    pool_task *task; /* NULL: end */
    void *value;
    _Alignas(64) int asked;    /* rounds that the submitter has begun */
    _Alignas(64) int answered; /* rounds that the thread has finished */
};

static void wait_past(int *word, int seen)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == seen)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void advance(int *word)
{
    __atomic_store_n(word, *word + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *serve(void *arg)
{
    struct floor *floor = arg;

    for (int seen = 0;; seen++) {
        wait_past(&floor->asked, seen);
        if (!floor->task)
            return NULL;
        floor->value = floor->task(floor->value);
        advance(&floor->answered);
    }
}

static void *open_pool(int workers)
{
    struct floor *floor;

    if (workers != 1)
        return NULL;
    floor = aligned_alloc(64, sizeof *floor);
    if (!floor)
        return NULL;
    floor->asked = 0;
    floor->answered = 0;
    if (pthread_create(&floor->thread, NULL, serve, floor))
        abort();
    return floor;
}

static void close_pool(void *pool)
{
    struct floor *floor = pool;

    floor->task = NULL;
    advance(&floor->asked);
    pthread_join(floor->thread, NULL);
    free(floor);
}

static void use_pool(void *pool, pool_body *body, void *arg)
{
    body(pool, arg);
}

static void submit(void *submitter, void *ticket, pool_task *task, void *arg)
{
    struct floor *floor = submitter;

    (void)ticket;
    floor->task = task;
    floor->value = arg;
    advance(&floor->asked);
}

static void *wait_for(void *submitter, void *ticket)
{
    struct floor *floor = submitter;

    (void)ticket;
    wait_past(&floor->answered, floor->asked - 1);
    return floor->value;
}

static const char *version(void)
{
    return "-";
}

const struct pool_ops pool_ops = {
    .name = "floor: futex",
    .abilities = POOL_ONE_AT_A_TIME,
    .ticket_bytes = sizeof(void *),
    .version = version,
    .open = open_pool,
    .close = close_pool,
    .use = use_pool,
    .submit = submit,
    .wait = wait_for,
};
