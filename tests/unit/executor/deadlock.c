/* SPDX-License-Identifier: MIT */
/* A cycle of waits is -EDEADLK for every task in it, however they wait; what
 * only looks like one is not. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(deadlock, .timeout = 120);

enum { MOST = 6 };

/* Tasks in a ring: each waits for the next one, all of them running. */
struct ring {
    struct gate gate;
    int size;
    filch_future *fs[MOST];
};

typedef int way_to_wait(filch_future *f);

struct member {
    struct ring *ring;
    int place;
    way_to_wait *wait;
};

static int by_result(filch_future *f)
{
    return filch_future_result(f, FILCH_FOREVER, NULL, 0);
}

static int by_failure(filch_future *f)
{
    struct filch_failure why;
    return filch_future_failure(f, FILCH_FOREVER, &why);
}

static int by_wait(filch_future *f)
{
    return filch_wait(&f, 1, FILCH_ALL, FILCH_FOREVER, NULL);
}

static int by_first(filch_future *f)
{
    filch_future *fs[2] = {f, f};
    return filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, NULL);
}

static int by_first_failure(filch_future *f)
{
    return filch_wait(&f, 1, FILCH_FIRST_FAILURE, FILCH_FOREVER, NULL);
}

static int by_queue(filch_future *f)
{
    filch_completion_queue *cq = NULL;
    MUST(filch_completion_queue_open(&cq) == 0);
    MUST(filch_completion_queue_add(cq, f, NULL) == 0);
    int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
    filch_completion_queue_close(cq);
    return rc;
}

static way_to_wait *const ways[] = {
    by_result, by_failure, by_wait, by_first, by_first_failure, by_queue};

/* Succeeds with what the wait returned as its result. */
static int wait_for_next(filch_ctx *cx, void *arg, void *result)
{
    const struct member *m = arg;
    struct ring *ring = m->ring;
    (void)cx;
    stand_at(&ring->gate);
    int rc = m->wait(ring->fs[(m->place + 1) % ring->size]);
    memcpy(result, &rc, sizeof rc);
    return 0;
}

/* Runs a ring over @p pools executors; member i waits in way i of @p by. */
static void run_ring(int size, int pools, int spares, way_to_wait *const *by)
{
    struct ring ring = {.size = size};
    struct member members[MOST];
    filch_executor *ex[MOST];
    gate_init(&ring.gate);
    for (int i = 0; i < pools; i++)
        ex[i] =
            open_with((struct filch_config){.workers = size, .spares = spares});
    for (int i = 0; i < size; i++) {
        members[i] = (struct member){&ring, i, by[i]};
        ring.fs[i] = filch_submit(ex[i % pools], wait_for_next, &members[i]);
    }
    gate_await(&ring.gate, size);
    gate_pass(&ring.gate, size);
    for (int i = 0; i < size; i++)
        cr_assert_eq(int_result(ring.fs[i]), -EDEADLK, "%d of %d: %d", i, size,
            int_result(ring.fs[i]));
    for (int i = 0; i < size; i++)
        filch_future_release(ring.fs[i]);
    for (int i = 0; i < pools; i++)
        cr_assert_eq(filch_executor_close(ex[i]), 0);
}

static void run_rings(int size, int pools, way_to_wait *way)
{
    way_to_wait *const by[MOST] = {way, way, way, way, way, way};
    for (int round = 0; round < 20; round++) {
        run_ring(size, pools, 0, by);
        run_ring(size, pools, FILCH_NO_SPARES, by);
    }
}

Test(deadlock, two_tasks_wait_for_each_other)
{
    run_rings(2, 1, by_result);
}

Test(deadlock, a_task_waits_for_itself)
{
    for (int i = 0; i < MOST; i++)
        run_rings(1, 1, ways[i]);
}

Test(deadlock, longer_cycles)
{
    run_rings(3, 1, by_result);
    run_rings(6, 1, by_result);
}

Test(deadlock, across_executors)
{
    run_rings(2, 2, by_result);
    run_rings(6, 3, by_result);
}

Test(deadlock, through_wait)
{
    run_rings(2, 1, by_wait);
    run_rings(3, 1, by_first);
    run_rings(3, 2, by_first_failure);
}

Test(deadlock, through_completion_queues)
{
    run_rings(2, 1, by_queue);
    run_rings(4, 2, by_queue);
}

Test(deadlock, through_everything)
{
    for (int round = 0; round < 20; round++)
        run_ring(MOST, 2, 0, ways);
}

/* A pool of one: B is claimed by A, which it waits for. */
struct pair {
    _Atomic(filch_future *) a;
    int b_got;
};

static int wait_for_parent(filch_ctx *cx, void *arg, void *result)
{
    struct pair *pair = arg;
    (void)cx;
    (void)result;
    pair->b_got = outcome(atomic_load(&pair->a));
    return 0;
}

static int wait_for_child(filch_ctx *cx, void *arg, void *result)
{
    struct pair *pair = arg;
    (void)result;
    UNTIL(atomic_load(&pair->a) != NULL);
    int rc =
        settle(filch_submit(filch_ctx_executor(cx), wait_for_parent, pair));
    MUST(rc == 0 || rc == -EDEADLK);
    return 0;
}

static void run_pair(int spares)
{
    struct pair pair = {.b_got = 1};
    filch_executor *ex =
        open_with((struct filch_config){.workers = 1, .spares = spares});
    filch_future *a = filch_submit(ex, wait_for_child, &pair);
    atomic_store(&pair.a, a);
    cr_assert_eq(outcome(a), 0);
    cr_assert_eq(pair.b_got, -EDEADLK);
    filch_future_release(a);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(deadlock, a_claimed_child_waits_for_its_claimer)
{
    run_pair(0);
    run_pair(FILCH_NO_SPARES);
}

/* A waits in a queue for B, which has not started, in another executor. When
 * B starts, and waits for A, the circle is closed. */
struct late {
    filch_future *a;
    filch_future *b;
    _Atomic pid_t waiter;
};

static int wait_for_late(filch_ctx *cx, void *arg, void *result)
{
    struct late *late = arg;
    (void)cx;
    atomic_store(&late->waiter, gettid());
    int rc = by_queue(late->b);
    memcpy(result, &rc, sizeof rc);
    return 0;
}

static int start_late(filch_ctx *cx, void *arg, void *result)
{
    struct late *late = arg;
    (void)cx;
    int rc = outcome(late->a);
    memcpy(result, &rc, sizeof rc);
    return 0;
}

Test(deadlock, with_a_task_that_had_not_started)
{
    struct late late = {.waiter = 0};
    struct gate first;
    struct gate second;
    gate_init(&first);
    gate_init(&second);
    filch_executor *ex[2] = {open_pool(1), open_pool(1)};
    filch_future *held[2] = {occupy(ex[0], &first), occupy(ex[1], &second)};
    late.a = filch_submit(ex[0], wait_for_late, &late);
    late.b = filch_submit(ex[1], start_late, &late);
    gate_pass(&first, 1);
    UNTIL(
        atomic_load(&late.waiter) != 0 && is_asleep(atomic_load(&late.waiter)));
    gate_pass(&second, 1);
    cr_assert_eq(int_result(late.a), -EDEADLK);
    cr_assert_eq(int_result(late.b), -EDEADLK);
    filch_future_release(late.a);
    filch_future_release(late.b);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(settle(held[i]), 0);
        cr_assert_eq(filch_executor_close(ex[i]), 0);
    }
}

/* What the task waits for may be itself, or the one that stands at the gate:
 * the first to finish ends the wait, so this is no deadlock. */
struct choice {
    struct gate gate;
    _Atomic(filch_future *) self;
    filch_future *other;
    sem_t waiting;
};

static int wait_for_either(filch_ctx *cx, void *arg, void *result)
{
    struct choice *choice = arg;
    (void)cx;
    (void)result;
    UNTIL(atomic_load(&choice->self) != NULL);
    filch_future *fs[2] = {atomic_load(&choice->self), choice->other};
    give(&choice->waiting, 1);
    return filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, NULL);
}

static void wait_for_one_of_two(filch_executor *ex)
{
    struct choice choice = {.other = NULL};
    gate_init(&choice.gate);
    sem_init(&choice.waiting, 0, 0);
    choice.other = occupy(ex, &choice.gate);
    filch_future *f = filch_submit(ex, wait_for_either, &choice);
    atomic_store(&choice.self, f);
    take(&choice.waiting);
    gate_pass(&choice.gate, 1);
    cr_assert_eq(outcome(f), 0);
    filch_future_release(f);
    cr_assert_eq(settle(choice.other), 0);
}

/* Often: the way out may open at any moment of the wait. */
Test(deadlock, one_way_out_is_enough)
{
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2000; i++)
        wait_for_one_of_two(ex);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A waits in a queue for B. The queue gets C, which can end, before B waits
 * for A: no circle, then. */
struct rescue {
    struct gate b, c;
    filch_completion_queue *cq;
    filch_future *as, *bs, *cs;
    _Atomic pid_t waiting_a, waiting_b;
};

static int wait_in_queue(filch_ctx *cx, void *arg, void *result)
{
    struct rescue *r = arg;
    (void)cx;
    filch_future *first = NULL;
    atomic_store(&r->waiting_a, gettid());
    int rc = filch_completion_queue_next(r->cq, FILCH_FOREVER, &first, NULL);
    bool is_c = first == r->cs;
    filch_future_release(first);
    memcpy(result, &is_c, sizeof is_c);
    return rc < 0 ? rc : 0;
}

static int wait_for_a(filch_ctx *cx, void *arg, void *result)
{
    struct rescue *r = arg;
    (void)cx;
    (void)result;
    stand_at(&r->b);
    atomic_store(&r->waiting_b, gettid());
    return outcome(r->as);
}

static void await_sleep(_Atomic pid_t *tid)
{
    UNTIL(atomic_load(tid) != 0 && is_asleep(atomic_load(tid)));
}

Test(deadlock, a_queue_may_get_a_way_out_later)
{
    struct rescue r = {.waiting_a = 0};
    filch_executor *ex = open_pool(3);
    gate_init(&r.b);
    gate_init(&r.c);
    cr_assert_eq(filch_completion_queue_open(&r.cq), 0);
    r.cs = occupy(ex, &r.c);
    r.bs = filch_submit(ex, wait_for_a, &r);
    cr_assert_eq(filch_completion_queue_add(r.cq, r.bs, NULL), 0);
    gate_await(&r.b, 1);
    r.as = filch_submit(ex, wait_in_queue, &r);
    await_sleep(&r.waiting_a);
    cr_assert_eq(filch_completion_queue_add(r.cq, r.cs, NULL), 0);
    gate_pass(&r.b, 1);
    await_sleep(&r.waiting_b);
    gate_pass(&r.c, 1);
    bool is_c = false;
    cr_assert_eq(
        filch_future_result(r.as, FILCH_FOREVER, &is_c, sizeof is_c), 0);
    cr_assert(is_c);
    filch_future_release(r.as);
    cr_assert_eq(settle(r.bs), 0);
    cr_assert_eq(settle(r.cs), 0);
    filch_completion_queue_close(r.cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Many tasks wait for the same one, which waits for another: no cycle. */
static int wait_for_arg(filch_ctx *cx, void *f, void *result)
{
    (void)cx;
    (void)result;
    return outcome(f);
}

Test(deadlock, a_tree_is_not_a_cycle)
{
    enum { LEAVES = 30 };
    filch_future *leaves[LEAVES];
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(4);
    filch_future *root = occupy(ex, &gate);
    filch_future *middle = filch_submit(ex, wait_for_arg, root);
    for (int i = 0; i < LEAVES; i++)
        leaves[i] = filch_submit(ex, wait_for_arg, middle);
    gate_pass(&gate, 1);
    for (int i = 0; i < LEAVES; i++)
        cr_assert_eq(settle(leaves[i]), 0);
    cr_assert_eq(settle(middle), 0);
    cr_assert_eq(settle(root), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* After -EDEADLK the tasks go on, and may wait for other things. */
static int wait_then_work(filch_ctx *cx, void *arg, void *result)
{
    const struct member *m = arg;
    int n = 5;
    stand_at(&m->ring->gate);
    if (by_result(m->ring->fs[1 - m->place]) != -EDEADLK)
        return -EPROTO;
    filch_future *f = filch_submit(filch_ctx_executor(cx), echo, &n);
    int rc = filch_future_result(f, FILCH_FOREVER, result, sizeof n);
    filch_future_release(f);
    return rc;
}

Test(deadlock, the_tasks_go_on)
{
    struct ring ring = {.size = 2};
    struct member members[2] = {{&ring, 0, NULL}, {&ring, 1, NULL}};
    gate_init(&ring.gate);
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2; i++)
        ring.fs[i] = filch_submit(ex, wait_then_work, &members[i]);
    gate_await(&ring.gate, 2);
    gate_pass(&ring.gate, 2);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(int_result(ring.fs[i]), 5);
    for (int i = 0; i < 2; i++)
        filch_future_release(ring.fs[i]);
    cr_assert_eq(filch_executor_close(ex), 0);
}
