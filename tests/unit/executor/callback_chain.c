/* SPDX-License-Identifier: MIT */
/* Callbacks do not nest: long chains need no stack, and any reference may be
 * dropped in one. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(callback_chain, .timeout = 120);

enum { LENGTH = 100000 };

/* How much of the stack the callbacks used, and whether one ran in another. */
struct chain {
    filch_future **fs;
    uintptr_t lowest;
    uintptr_t highest;
    int inside;
    atomic_int done;
};

static struct chain chain;

static void measure(struct chain *c)
{
    uintptr_t address = (uintptr_t)__builtin_frame_address(0);
    if (c->lowest == 0 || address < c->lowest)
        c->lowest = address;
    if (address > c->highest)
        c->highest = address;
}

static void check_stack(void)
{
    cr_assert_eq(atomic_load(&chain.done), LENGTH);
    cr_assert_leq(chain.highest - chain.lowest, 4096);
}

/* Each registers the next on the same future, which is final. */
static int register_next(filch_future *f, void *arg)
{
    struct chain *c = arg;
    MUST(c->inside == 0);
    c->inside++;
    measure(c);
    if (atomic_fetch_add(&c->done, 1) + 1 < LENGTH)
        MUST(filch_future_on_done(f, register_next, c) == 0);
    c->inside--;
    return 0;
}

Test(callback_chain, each_registers_the_next)
{
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(filch_future_on_done(f, register_next, &chain), 0);
    check_stack();
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Each cancels the next future, whose callback becomes due. */
static int cancel_next(filch_future *f, void *arg)
{
    struct chain *c = arg;
    MUST(c->inside == 0);
    c->inside++;
    measure(c);
    int i = atomic_fetch_add(&c->done, 1);
    MUST(c->fs[i] == f);
    if (i + 1 < LENGTH)
        MUST(filch_future_cancel(c->fs[i + 1]) == 1);
    filch_future_release(f);
    c->inside--;
    return 0;
}

Test(callback_chain, each_cancels_the_next)
{
    static filch_future *fs[LENGTH];
    struct gate gate;
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .queue_limit = FILCH_UNBOUNDED});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    chain.fs = fs;
    for (int i = 0; i < LENGTH; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
    for (int i = 0; i < LENGTH; i++)
        cr_assert_eq(filch_future_on_done(fs[i], cancel_next, &chain), 0);
    cr_assert_eq(filch_future_cancel(fs[0]), 1);
    check_stack();
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int drop(filch_future *f, void *arg)
{
    filch_future_release(f);
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

Test(callback_chain, dropping_the_last_reference)
{
    atomic_int dropped = 0;
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2000; i++) {
        filch_future *f = filch_submit(ex, nothing, NULL);
        cr_assert_eq(filch_future_on_done(f, drop, &dropped), 0);
    }
    UNTIL(atomic_load(&dropped) == 2000);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The one that drops the reference is not the last to run. */
Test(callback_chain, dropping_it_before_other_callbacks)
{
    atomic_int dropped = 0;
    struct gate gate;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    filch_future *f = filch_submit(ex, stand, &gate);
    filch_future_retain(f);
    filch_future_retain(f);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(filch_future_on_done(f, drop, &dropped), 0);
    gate_pass(&gate, 1);
    UNTIL(atomic_load(&dropped) == 3);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct relay {
    filch_executor *ex;
    atomic_int left;
};

/* Submits the next task from the callback of the one before. */
static int pass_on(filch_future *f, void *arg)
{
    struct relay *relay = arg;
    filch_future_release(f);
    if (atomic_fetch_sub(&relay->left, 1) == 1)
        return 0;
    filch_future *next = filch_submit(relay->ex, nothing, NULL);
    return filch_future_on_done(next, pass_on, relay);
}

Test(callback_chain, a_relay_of_tasks)
{
    struct relay relay = {.ex = open_pool(2)};
    atomic_store(&relay.left, 5000);
    filch_future *f = filch_submit(relay.ex, nothing, NULL);
    cr_assert_eq(filch_future_on_done(f, pass_on, &relay), 0);
    UNTIL(atomic_load(&relay.left) == 0);
    cr_assert_eq(filch_executor_close(relay.ex), 0);
}

static int note_end(filch_future *f, void *arg)
{
    sem_t *ran = arg;
    (void)f;
    give(ran, 1);
    return 0;
}

Test(callback_chain, callbacks_of_a_cancelling_shutdown)
{
    sem_t ran;
    struct gate gate;
    filch_future *fs[10];
    sem_init(&ran, 0, 0);
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *held = occupy(ex, &gate);
    for (int i = 0; i < 10; i++) {
        fs[i] = filch_submit(ex, nothing, NULL);
        cr_assert_eq(filch_future_on_done(fs[i], note_end, &ran), 0);
    }
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&gate, 1);
    take_many(&ran, 10);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(settle(fs[i]), -ECANCELED);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
