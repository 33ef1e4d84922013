/* SPDX-License-Identifier: MIT */
/* Waits in the parts of a loop: what can end, ends, and a circle through the
 * loop is -EDEADLK, whichever thread the part is in. */
#include "../../support/company.h"
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(circle, .timeout = 120);

/* A part waits for the task that the loop is part of. */
struct ring {
    struct company company;
    struct gate gate;
    filch_future *self, *other;
    atomic_int told;
};

static int wait_for_self(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct ring *ring = arg;
    (void)cx;
    company_meet(&ring->company);
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add(&ring->told, outcome(ring->self) == -EDEADLK);
    return 0;
}

static int loop_over_self(filch_ctx *cx, void *arg, void *result)
{
    struct ring *ring = arg;
    (void)result;
    stand_at(&ring->gate);
    if (ring->company.is_wanted)
        company_await(cx);
    return filch_for(filch_ctx_executor(cx), 0, 4, wait_for_self, ring);
}

static void ring_init(struct ring *ring, bool in_company)
{
    company_init(&ring->company, in_company);
    gate_init(&ring->gate);
    atomic_store(&ring->told, 0);
}

Test(circle, of_a_loop_and_its_task)
{
    for (int i = 0; i < 20; i++) {
        struct ring ring;
        filch_executor *ex = open_pool(1 + i % 2);
        ring_init(&ring, i % 2);
        ring.self = filch_submit(ex, loop_over_self, &ring);
        gate_await(&ring.gate, 1);
        gate_pass(&ring.gate, 1);
        cr_assert_eq(settle(ring.self), 0);
        cr_assert_eq(atomic_load(&ring.told), 4);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Parts of one task's loop wait for another task, and that one's for the first:
 * every wait is told. */
static int wait_for_other(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    filch_future **other = arg;
    (void)cx;
    for (size_t i = begin; i < end; i++)
        if (outcome(*other) != -EDEADLK)
            return -EINVAL;
    return -EDEADLK;
}

static int loop_over_other(filch_ctx *cx, void *arg, void *result)
{
    struct ring *ring = arg;
    (void)result;
    stand_at(&ring->gate);
    return filch_for(
        filch_ctx_executor(cx), 0, 2, wait_for_other, &ring->other);
}

Test(circle, of_two_loops)
{
    for (int i = 0; i < 20; i++) {
        struct ring a, b;
        filch_executor *ex = open_pool(2 + i % 3);
        ring_init(&a, false);
        ring_init(&b, false);
        b.other = filch_submit(ex, loop_over_other, &a);
        a.other = filch_submit(ex, loop_over_other, &b);
        gate_await(&a.gate, 1);
        gate_await(&b.gate, 1);
        gate_pass(&a.gate, 1);
        gate_pass(&b.gate, 1);
        cr_assert_eq(outcome(a.other), -EDEADLK);
        cr_assert_eq(outcome(b.other), -EDEADLK);
        filch_future_release(a.other);
        filch_future_release(b.other);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* No circle: each part submits, and waits for what is submitted. With a pool
 * of one and no spares it has to run it itself. */
static int submit_and_wait(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    for (size_t i = begin; i < end; i++)
        MUST(settle(filch_submit(filch_ctx_executor(cx), bump, arg)) == 0);
    return 0;
}

Test(circle, none_where_parts_wait_for_what_they_submit)
{
    for (int workers = 1; workers <= 4; workers *= 2) {
        atomic_int count = 0;
        filch_executor *ex = open_with((struct filch_config){
            .workers = workers, .spares = FILCH_NO_SPARES});
        cr_assert_eq(filch_for(ex, 0, 1000, submit_and_wait, &count), 0);
        cr_assert_eq(atomic_load(&count), 1000);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* A part calls a loop of another executor, a part of that one of the first:
 * there, every thread waits, unless there can be one more. */
struct tower {
    filch_executor *floors[2];
    int height;
};

static int climb(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    struct tower next = *(struct tower *)arg;
    (void)cx;
    next.height--;
    if (next.height == 0)
        return 0;
    return filch_for(next.floors[next.height % 2], begin, end, climb, &next);
}

Test(circle, through_loops_of_two_executors)
{
    for (int has_spares = 0; has_spares <= 1; has_spares++) {
        struct filch_config config = {
            .workers = 1, .spares = has_spares ? 2 : FILCH_NO_SPARES};
        struct tower tower = {{open_with(config), open_with(config)}, 3};
        cr_assert_eq(filch_for(tower.floors[1], 0, 1, climb, &tower),
            has_spares ? 0 : -EDEADLK);
        cr_assert_eq(filch_executor_close(tower.floors[0]), 0);
        cr_assert_eq(filch_executor_close(tower.floors[1]), 0);
    }
}
