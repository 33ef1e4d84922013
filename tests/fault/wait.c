/* SPDX-License-Identifier: MIT */
/* Waiting, callbacks, completion queues and blocking, with faults. */
#include "scenario.h"

enum { COUNT = 40 };

static void submit_all(filch_executor *ex, filch_future **fs)
{
    for (int i = 0; i < COUNT; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
}

static void settle_all(filch_future **fs)
{
    for (int i = 0; i < COUNT; i++) {
        int rc = settle(fs[i]);
        MUST(rc == 0 || is_lack(rc));
    }
}

static void wait_in_mode(filch_future **fs, enum filch_wait_mode mode)
{
    filch_future *done[COUNT];
    int rc = filch_wait(fs, COUNT, mode, FILCH_FOREVER, done);
    MUST(rc == -ENOMEM || (rc >= 1 && rc <= COUNT));
    MUST(rc < 0 || mode != FILCH_ALL || rc == COUNT);
    for (int i = 0; i < rc; i++)
        MUST(filch_future_state(done[i]) > FILCH_RUNNING);
}

void wait_outside(arm_fault *arm)
{
    filch_future *fs[COUNT];
    filch_executor *ex = open_quiet();
    submit_all(ex, fs);
    arm();
    wait_in_mode(fs, FILCH_FIRST);
    wait_in_mode(fs, FILCH_FIRST_FAILURE);
    wait_in_mode(fs, FILCH_ALL);
    fault_pause();
    settle_all(fs);
    check_and_close(ex);
}

static int wait_for_children(filch_ctx *cx, void *arg, void *result)
{
    filch_future *fs[COUNT];
    filch_completion_queue *cq = NULL;
    (void)arg;
    (void)result;
    submit_all(filch_ctx_executor(cx), fs);
    wait_in_mode(fs, FILCH_FIRST);
    wait_in_mode(fs, FILCH_ALL);
    if (filch_completion_queue_open(&cq) == 0) {
        int added = filch_completion_queue_add(cq, fs[0], NULL);
        int rc = filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
        MUST(added == 0 || added == -ENOMEM);
        MUST(rc == (added == 0) || rc == -ENOMEM);
        filch_completion_queue_close(cq);
    }
    settle_all(fs);
    return 0;
}

void wait_inside(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    arm();
    int rc = settle(filch_submit(ex, wait_for_children, NULL));
    MUST(rc == 0 || is_lack(rc));
    fault_pause();
    check_and_close(ex);
}

static int count_call(filch_future *f, void *calls)
{
    (void)f;
    atomic_fetch_add((atomic_int *)calls, 1);
    return 0;
}

void callback(arm_fault *arm)
{
    atomic_int calls = 0;
    int registered = 0;
    struct gate gate;
    filch_executor *ex = open_quiet();
    gate_init(&gate);
    filch_future *f = occupy(ex, &gate);
    arm();
    for (int i = 0; i < 4; i++) {
        int rc = filch_future_on_done(f, count_call, &calls);
        MUST(rc == 0 || rc == -ENOMEM);
        registered += rc == 0;
    }
    gate_pass(&gate, 1);
    MUST(outcome(f) == 0);
    int late = filch_future_on_done(f, count_call, &calls);
    MUST(late == 0 || late == -ENOMEM);
    registered += late == 0;
    fault_pause();
    filch_future_release(f);
    check_and_close(ex);
    MUST(atomic_load(&calls) == registered);
}

static void use_queue(filch_completion_queue *cq, filch_future **fs)
{
    int added = 0;
    int taken = 0;
    int fd = filch_completion_queue_fd(cq);
    MUST(fd >= 0 || fd == -ENFILE || fd == -ENOMEM);
    for (int i = 0; i < COUNT; i++) {
        int rc = filch_completion_queue_add(cq, fs[i], NULL);
        MUST(rc == 0 || rc == -ENOMEM);
        added += rc == 0;
    }
    MUST((int)filch_completion_queue_pending(cq) == added);
    while (filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL) == 1)
        taken++;
    MUST(taken == added);
}

void completion_queue(arm_fault *arm)
{
    filch_future *fs[COUNT];
    filch_completion_queue *cq = (filch_completion_queue *)(uintptr_t)16;
    filch_executor *ex = open_quiet();
    submit_all(ex, fs);
    arm();
    int rc = filch_completion_queue_open(&cq);
    MUST(rc == 0 || rc == -ENOMEM);
    if (rc == 0) {
        use_queue(cq, fs);
        filch_completion_queue_close(cq);
    }
    fault_pause();
    settle_all(fs);
    check_and_close(ex);
}

static int stand_blocking(filch_ctx *cx, void *gate, void *result)
{
    (void)cx;
    (void)result;
    filch_blocking {
        stand_at(gate);
    }
    return 0;
}

/* No spare to be had: the others wait until a worker is back. */
void blocking(arm_fault *arm)
{
    filch_future *fs[COUNT];
    filch_future *held[2];
    struct gate gate;
    filch_executor *ex = open_quiet();
    gate_init(&gate);
    for (int i = 0; i < 2; i++)
        held[i] = filch_submit(ex, stand_blocking, &gate);
    gate_await(&gate, 2);
    arm();
    submit_all(ex, fs);
    gate_pass(&gate, 2);
    settle_all(fs);
    MUST(settle(held[0]) == 0);
    MUST(settle(held[1]) == 0);
    fault_pause();
    check_and_close(ex);
}
