/* SPDX-License-Identifier: MIT */
/* A task that holds a lock while it waits: nothing that it does not wait for
 * runs on its stack, and it gets on although others want the lock. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

TestSuite(reentrancy, .timeout = 120);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local int is_holding;
static atomic_int intruders;

/* Must never find its thread holding the lock: it would lock it again. */
static int unrelated(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    if (is_holding) {
        atomic_fetch_add(&intruders, 1);
        return -EPROTO;
    }
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int related(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    sched_yield();
    return 0;
}

/* Holds the lock while it waits for children in each way. */
static int holder(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    filch_future *fs[4];
    (void)arg;
    (void)result;
    for (int i = 0; i < 4; i++) {
        filch_future_release(filch_submit(ex, unrelated, NULL));
        fs[i] = filch_submit(ex, related, NULL);
    }
    filch_future_release(filch_submit(ex, unrelated, NULL));
    pthread_mutex_lock(&lock);
    is_holding++;
    int rc = outcome(fs[3]);
    if (rc == 0 && filch_wait(fs, 4, FILCH_FIRST, FILCH_FOREVER, NULL) < 1)
        rc = -EPROTO;
    if (rc == 0 && filch_wait(fs, 4, FILCH_ALL, FILCH_FOREVER, NULL) != 4)
        rc = -EPROTO;
    is_holding--;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 4; i++)
        filch_future_release(fs[i]);
    return rc;
}

static void run_holders(int workers, int spares)
{
    enum { HOLDERS = 200 };
    filch_future *holders[HOLDERS];
    filch_future *others[HOLDERS];
    filch_executor *ex =
        open_with((struct filch_config){.workers = workers, .spares = spares});
    for (int i = 0; i < HOLDERS; i++) {
        holders[i] = filch_submit(ex, holder, NULL);
        others[i] = filch_submit(ex, unrelated, NULL);
    }
    for (int i = 0; i < HOLDERS; i++) {
        cr_assert_eq(settle(holders[i]), 0);
        cr_assert_eq(settle(others[i]), 0);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&intruders), 0);
}

Test(reentrancy, pool_of_one)
{
    run_holders(1, 0);
    run_holders(1, FILCH_NO_SPARES);
}

Test(reentrancy, several_workers)
{
    run_holders(2, 0);
    run_holders(4, 0);
    run_holders(2, FILCH_NO_SPARES);
    run_holders(4, FILCH_NO_SPARES);
}

/* The holder waits for a task that a helper runs outside the pool. The spare
 * that takes its place runs tasks that want the lock, and sleeps on it. So
 * the holder must not need its place back to go on. */
struct place {
    filch_future *child;
    sem_t locked;
    _Atomic pid_t blocked;
};

static int hold_for_child(filch_ctx *cx, void *arg, void *result)
{
    struct place *place = arg;
    (void)cx;
    (void)result;
    pthread_mutex_lock(&lock);
    is_holding++;
    give(&place->locked, 1);
    int rc = outcome(place->child);
    is_holding--;
    pthread_mutex_unlock(&lock);
    return rc;
}

static int want_lock(filch_ctx *cx, void *arg, void *result)
{
    struct place *place = arg;
    atomic_store(&place->blocked, gettid());
    return unrelated(cx, NULL, result);
}

static int help(void *f)
{
    return filch_future_help(f);
}

Test(reentrancy, a_waiter_needs_no_place_to_go_on)
{
    struct place place = {.child = NULL};
    struct gate gate;
    struct gate plug;
    struct reader helper;
    gate_init(&gate);
    gate_init(&plug);
    sem_init(&place.locked, 0, 0);
    filch_executor *ex = open_pool(1);
    filch_future *plugged = occupy(ex, &plug);
    place.child = filch_submit(ex, stand, &gate);
    reader_start(&helper, help, place.child);
    gate_await(&gate, 1);
    filch_future *waiter = filch_submit(ex, hold_for_child, &place);
    gate_pass(&plug, 1);
    take(&place.locked);
    filch_future *other = filch_submit(ex, want_lock, &place);
    UNTIL(atomic_load(&place.blocked) != 0 &&
          is_asleep(atomic_load(&place.blocked)));
    gate_pass(&gate, 1);
    cr_assert_eq(settle(waiter), 0);
    cr_assert_eq(settle(other), 0);
    cr_assert_eq(reader_join(&helper), 1);
    cr_assert_eq(settle(place.child), 0);
    cr_assert_eq(settle(plugged), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(atomic_load(&intruders), 0);
}
