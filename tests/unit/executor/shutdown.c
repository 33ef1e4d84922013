/* SPDX-License-Identifier: MIT */
/* Shutting down: finishing, cancelling, stopping, repeating, and refusing. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"
#include "../../support/reader.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(shutdown, .timeout = 120);

enum { QUEUED = 50 };

static int shut(filch_executor *ex, unsigned flags)
{
    return filch_executor_shutdown(ex, flags, FILCH_FOREVER);
}

/* A pool whose workers stand at the gate, with QUEUED tasks behind them. */
struct scene {
    filch_executor *ex;
    struct gate gate;
    filch_future *running;
    filch_future *fs[QUEUED];
    atomic_int ran;
};

static void set_scene(struct scene *s)
{
    s->ex = open_pool(1);
    atomic_store(&s->ran, 0);
    gate_init(&s->gate);
    s->running = occupy(s->ex, &s->gate);
    for (int i = 0; i < QUEUED; i++)
        s->fs[i] = filch_submit(s->ex, bump, &s->ran);
}

/* How many of the queued have the outcome @p rc; releases all. */
static int settle_all(struct scene *s, int rc)
{
    int count = 0;
    for (int i = 0; i < QUEUED; i++)
        count += settle(s->fs[i]) == rc;
    cr_assert_eq(settle(s->running), 0);
    return count;
}

Test(behaviour, b079_submit_after_shutdown_is_refused)
{
    filch_executor *ex = open_pool(1);
    filch_future *fs[2];
    filch_future *f = NULL;
    int args[2] = {0, 0};
    cr_assert_eq(shut(ex, FILCH_FINISH), 0);
    f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_future_state(f), FILCH_FAILED);
    cr_assert_eq(settle(f), FILCH_ESHUTDOWN);
    cr_assert_eq(
        filch_submit_with(&f, ex, nothing, NULL, NULL), FILCH_ESHUTDOWN);
    cr_assert_null(f);
    cr_assert_eq(
        filch_submit_with(NULL, ex, nothing, NULL, NULL), FILCH_ESHUTDOWN);
    cr_assert_eq(
        filch_submit_many(fs, ex, nothing, args, sizeof *args, 2, NULL),
        FILCH_ESHUTDOWN);
    cr_assert_eq(settle(fs[0]), FILCH_ESHUTDOWN);
    cr_assert_eq(settle(fs[1]), FILCH_ESHUTDOWN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b082_queued_tasks_are_all_done)
{
    static struct scene s;
    set_scene(&s);
    gate_pass(&s.gate, 1);
    cr_assert_eq(shut(s.ex, FILCH_FINISH), 0);
    cr_assert_eq(atomic_load(&s.ran), QUEUED);
    cr_assert_eq(settle_all(&s, 0), QUEUED);
    cr_assert_eq(filch_executor_pending(s.ex), 0);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

struct pusher {
    struct reader reader;
    filch_executor *ex;
    atomic_int ran;
};

static int push(void *arg)
{
    struct pusher *p = arg;
    return settle(filch_submit(p->ex, bump, &p->ran));
}

/* Submitters blocked at a full queue when it shuts down: each task is either
 * run or refused. */
Test(behaviour, b083_more_tasks_than_slots_at_shutdown)
{
    static struct pusher pushers[8];
    struct gate gate;
    filch_future *queued[2];
    filch_executor *ex =
        open_with((struct filch_config){.workers = 1, .queue_limit = 2});
    gate_init(&gate);
    filch_future *running = occupy(ex, &gate);
    for (int i = 0; i < 2; i++)
        queued[i] = filch_submit(ex, nothing, NULL);
    for (int i = 0; i < 8; i++) {
        pushers[i].ex = ex;
        reader_start(&pushers[i].reader, push, &pushers[i]);
    }
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    gate_pass(&gate, 1);
    for (int i = 0; i < 8; i++) {
        int rc = reader_join(&pushers[i].reader);
        int ran = atomic_load(&pushers[i].ran);
        cr_assert((rc == 0 && ran == 1) || (rc == FILCH_ESHUTDOWN && ran == 0),
            "%d, ran %d", rc, ran);
    }
    cr_assert_eq(shut(ex, FILCH_FINISH), 0);
    cr_assert_eq(settle(running), 0);
    cr_assert_eq(settle(queued[0]), 0);
    cr_assert_eq(settle(queued[1]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b084_cancel_pending)
{
    static struct scene s;
    set_scene(&s);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&s.gate, 1);
    cr_assert_eq(shut(s.ex, FILCH_CANCEL_PENDING), 0);
    cr_assert_eq(atomic_load(&s.ran), 0);
    for (int i = 0; i < QUEUED; i++)
        cr_assert_eq(filch_future_state(s.fs[i]), FILCH_CANCELLED);
    cr_assert_eq(settle_all(&s, -ECANCELED), QUEUED);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

Test(behaviour, b086_submit_cancel_shutdown)
{
    for (int round = 0; round < 200; round++) {
        filch_executor *ex = open_pool(1);
        filch_future *f = filch_submit(ex, nothing, NULL);
        (void)filch_future_cancel(f);
        cr_assert_eq(shut(ex, FILCH_FINISH), 0);
        cr_assert_gt(filch_future_state(f), FILCH_RUNNING);
        filch_future_release(f);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(behaviour, b087_no_worker_is_left)
{
    filch_executor *ex = open_pool(4);
    struct gate gate;
    filch_future *fs[4];
    int before = count_threads();
    gate_init(&gate);
    for (int i = 0; i < 4; i++)
        fs[i] = filch_submit(ex, stand, &gate);
    gate_await(&gate, 4);
    cr_assert_eq(count_threads(), before + 4);
    gate_pass(&gate, 4);
    cr_assert_eq(shut(ex, FILCH_FINISH), 0);
    cr_assert_eq(filch_executor_threads(ex), 0);
    UNTIL(count_threads() == before);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int leave_by_return(atomic_int *ran)
{
    filch_with (ex, .workers = 2) {
        for (int i = 0; i < QUEUED; i++)
            filch_future_release(filch_submit(ex, bump, ran));
        return 7;
    }
    return 0;
}

Test(behaviour, b088_with_is_shutdown_and_wait)
{
    atomic_int ran = 0;
    int before = count_threads();
    filch_with (ex, .workers = 2, .name = "with") {
        for (int i = 0; i < QUEUED; i++)
            filch_future_release(filch_submit(ex, bump, &ran));
    }
    cr_assert_eq(atomic_load(&ran), QUEUED);
    filch_with (ex) { /* all defaults */
        filch_future_release(filch_submit(ex, bump, &ran));
        break;
    }
    cr_assert_eq(atomic_load(&ran), QUEUED + 1);
    cr_assert_eq(leave_by_return(&ran), 7);
    cr_assert_eq(atomic_load(&ran), 2 * QUEUED + 1);
    UNTIL(count_threads() == before);
}

Test(behaviour, b089_a_released_executor_finishes_its_queue)
{
    static struct scene s;
    int before = count_threads();
    set_scene(&s);
    cr_assert_eq(filch_executor_release(s.ex), 0);
    gate_pass(&s.gate, 1);
    cr_assert_eq(settle_all(&s, 0), QUEUED);
    cr_assert_eq(atomic_load(&s.ran), QUEUED);
    UNTIL(count_threads() == before);
}

static int release_own(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    stand_at(arg);
    return filch_executor_release(filch_ctx_executor(cx));
}

Test(behaviour, b089_released_by_its_own_worker)
{
    struct gate gate;
    atomic_int ran = 0;
    int before = count_threads();
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, release_own, &gate);
    filch_future *g = filch_submit(ex, bump, &ran);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(settle(g), 0);
    cr_assert_eq(atomic_load(&ran), 1);
    UNTIL(count_threads() == before);
}

Test(behaviour, b090_shutdown_without_waiting)
{
    static struct scene s;
    set_scene(&s);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    cr_assert_eq(filch_executor_workers(s.ex), 0);
    cr_assert_eq(settle(filch_submit(s.ex, nothing, NULL)), FILCH_ESHUTDOWN);
    gate_pass(&s.gate, 1);
    cr_assert_eq(settle_all(&s, 0), QUEUED);
    cr_assert_eq(atomic_load(&s.ran), QUEUED);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

static int until_stopped(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    if (filch_stopping(cx))
        return -EPROTO;
    give(arg, 1);
    UNTIL(filch_stopping(cx));
    return -EINTR;
}

Test(behaviour, b093_repeated_with_stronger_flags)
{
    static struct scene s;
    sem_t running;
    sem_init(&running, 0, 0);
    s.ex = open_pool(1);
    s.running = filch_submit(s.ex, until_stopped, &running);
    take(&running);
    for (int i = 0; i < QUEUED; i++)
        s.fs[i] = filch_submit(s.ex, bump, &s.ran);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    cr_assert_eq(filch_future_state(s.fs[0]), FILCH_PENDING);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    for (int i = 0; i < QUEUED; i++)
        cr_assert_eq(settle(s.fs[i]), -ECANCELED);
    cr_assert_eq(filch_future_state(s.running), FILCH_RUNNING);
    cr_assert_eq(shut(s.ex, FILCH_STOP_RUNNING), 0);
    cr_assert_eq(settle(s.running), -EINTR);
    cr_assert_eq(shut(s.ex, FILCH_FINISH), 0, "idempotent");
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

Test(behaviour, b094_cancel_without_waiting)
{
    static struct scene s;
    set_scene(&s);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&s.gate, 1);
    cr_assert_eq(
        filch_wait(s.fs, QUEUED, FILCH_ALL, FILCH_FOREVER, NULL), QUEUED);
    cr_assert_eq(settle_all(&s, -ECANCELED), QUEUED);
    cr_assert_eq(atomic_load(&s.ran), 0);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

Test(shutdown, a_deadline_that_passes)
{
    static struct scene s;
    set_scene(&s);
    cr_assert_eq(
        filch_executor_shutdown(s.ex, FILCH_FINISH, filch_after(FILCH_MS(5))),
        -ETIMEDOUT);
    gate_pass(&s.gate, 1);
    cr_assert_eq(shut(s.ex, FILCH_FINISH), 0);
    cr_assert_eq(settle_all(&s, 0), QUEUED);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

static int shut_own(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    (void)arg;
    (void)result;
    if (shut(ex, FILCH_FINISH) != -EDEADLK)
        return -EPROTO;
    if (filch_executor_close(ex) != -EDEADLK)
        return -EPROTO;
    if (filch_executor_workers(ex) != 1)
        return -EPROTO;
    filch_future *f = filch_submit(ex, nothing, NULL);
    if (settle(f) != 0)
        return -EPROTO;
    return filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL);
}

enum { CHILDREN = 5 };

struct family {
    struct gate gate;
    filch_future *children[CHILDREN];
};

static int submit_and_stand(filch_ctx *cx, void *arg, void *result)
{
    struct family *family = arg;
    (void)result;
    for (int i = 0; i < CHILDREN; i++)
        family->children[i] =
            filch_submit(filch_ctx_executor(cx), nothing, NULL);
    stand_at(&family->gate);
    return 0;
}

/* At once, though the worker that has them is busy. */
Test(shutdown, cancels_what_tasks_have_submitted)
{
    static struct family family;
    gate_init(&family.gate);
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_future *f = filch_submit(ex, submit_and_stand, &family);
    gate_await(&family.gate, 1);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    for (int i = 0; i < CHILDREN; i++) {
        cr_assert_eq(filch_future_state(family.children[i]), FILCH_CANCELLED);
        filch_future_release(family.children[i]);
    }
    gate_pass(&family.gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(shutdown, by_its_own_worker)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit(ex, shut_own, NULL)), -ETIMEDOUT);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), FILCH_ESHUTDOWN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int shut_other(filch_ctx *cx, void *ex, void *result)
{
    (void)cx;
    (void)result;
    return shut(ex, FILCH_FINISH);
}

Test(shutdown, by_a_worker_of_another)
{
    filch_executor *ex = open_pool(1);
    filch_executor *other = open_pool(1);
    cr_assert_eq(settle(filch_submit(other, nothing, NULL)), 0);
    cr_assert_eq(settle(filch_submit(ex, shut_other, other)), 0);
    cr_assert_eq(filch_executor_close(other), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int shut_down_fully(void *ex)
{
    return shut(ex, FILCH_FINISH);
}

Test(shutdown, from_several_threads)
{
    static struct scene s;
    struct reader readers[4];
    set_scene(&s);
    for (int i = 0; i < 4; i++)
        reader_start(&readers[i], shut_down_fully, s.ex);
    gate_pass(&s.gate, 1);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(reader_join(&readers[i]), 0);
    cr_assert_eq(settle_all(&s, 0), QUEUED);
    cr_assert_eq(filch_executor_close(s.ex), 0);
}

static int submit_more(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    stand_at(arg);
    return settle(filch_submit(filch_ctx_executor(cx), nothing, NULL));
}

Test(shutdown, tasks_cannot_submit_any_more)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, submit_more, &gate);
    gate_await(&gate, 1);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), -ETIMEDOUT);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), FILCH_ESHUTDOWN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(shutdown, bad_arguments_are_refused)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(shut(NULL, FILCH_FINISH), -EINVAL);
    cr_assert_eq(shut(ex, 4), -EINVAL);
    cr_assert_eq(shut(ex, ~0U), -EINVAL);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0, "still open");
    cr_assert_eq(filch_executor_close(NULL), 0);
    cr_assert_eq(filch_executor_release(NULL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(shutdown, of_an_executor_that_never_worked)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_POLL), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    ex = open_pool(2);
    cr_assert_eq(filch_executor_release(ex), 0);
}
