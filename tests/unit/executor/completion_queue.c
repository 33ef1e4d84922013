/* SPDX-License-Identifier: MIT */
/* The completion queue, as an iterator over futures that finish. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/reader.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(completion_queue, .timeout = 120);

enum { COUNT = 40 };

static filch_completion_queue *open_queue(void)
{
    filch_completion_queue *cq = NULL;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_eq(filch_completion_queue_pending(cq), 0);
    return cq;
}

static void add(filch_completion_queue *cq, filch_future *f, void *tag)
{
    cr_assert_eq(filch_completion_queue_add(cq, f, tag), 0);
}

/* Takes one out, releases it, and returns its tag. */
static void *next_tag(filch_completion_queue *cq)
{
    filch_future *f = NULL;
    void *tag = NULL;
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, &f, &tag), 1);
    cr_assert_gt(filch_future_state(f), FILCH_RUNNING);
    (void)outcome(f); /* read: nobody needs to be told */
    filch_future_release(f);
    return tag;
}

Test(behaviour, b056_every_future_is_yielded)
{
    filch_executor *ex = open_pool(2);
    filch_completion_queue *cq = open_queue();
    int seen[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) {
        filch_task *fn = i % 3 ? nothing : burn;
        filch_future *f = filch_submit(ex, fn, NULL);
        if (i % 2)
            (void)outcome(f);
        add(cq, f, &seen[i]);
        filch_future_release(f);
    }
    for (int i = 0; i < COUNT; i++)
        ++*(int *)next_tag(cq);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(seen[i], 1);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL), 0);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Two that are done and two that stand at a gate. */
struct scene {
    filch_executor *ex;
    filch_completion_queue *cq;
    struct gate gate;
};

static void set_scene(struct scene *s)
{
    s->ex = open_pool(2);
    s->cq = open_queue();
    gate_init(&s->gate);
    for (int i = 0; i < 4; i++) {
        filch_future *f =
            filch_submit(s->ex, i < 2 ? nothing : stand, &s->gate);
        add(s->cq, f, NULL);
        if (i < 2)
            cr_assert_eq(outcome(f), 0);
        filch_future_release(f);
    }
    gate_await(&s->gate, 2);
}

static void strike_scene(struct scene *s)
{
    gate_pass(&s->gate, 2);
    filch_completion_queue_close(s->cq);
    cr_assert_eq(filch_executor_close(s->ex), 0);
}

static void take_two_then_time_out(int64_t deadline)
{
    struct scene s;
    filch_future *f = NULL;
    set_scene(&s);
    UNTIL(filch_completion_queue_next(s.cq, deadline, NULL, NULL) == 1);
    UNTIL(filch_completion_queue_next(s.cq, deadline, NULL, NULL) == 1);
    cr_assert_eq(
        filch_completion_queue_next(s.cq, deadline, &f, NULL), -ETIMEDOUT);
    cr_assert_null(f);
    strike_scene(&s);
}

Test(behaviour, b057_poll_yields_the_finished_then_times_out)
{
    take_two_then_time_out(FILCH_POLL);
}

Test(behaviour, b057_a_short_deadline_yields_the_finished_too)
{
    take_two_then_time_out(filch_after(FILCH_MS(20)));
}

Test(behaviour, b058_a_duplicate_is_yielded_once)
{
    struct scene s;
    set_scene(&s);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    add(s.cq, f, &s);
    cr_assert_eq(filch_completion_queue_add(s.cq, f, &s), -EALREADY);
    cr_assert_eq(filch_completion_queue_pending(s.cq), 5);
    gate_pass(&s.gate, 2);
    int tagged = 0;
    for (int i = 0; i < 5; i++)
        tagged += next_tag(s.cq) == &s;
    cr_assert_eq(tagged, 1);
    cr_assert_eq(
        filch_completion_queue_next(s.cq, FILCH_FOREVER, NULL, NULL), 0);
    filch_future_release(f);
    strike_scene(&s);
}

Test(completion_queue, a_final_future_added_twice)
{
    filch_executor *ex = open_pool(1);
    filch_completion_queue *cq = open_queue();
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    add(cq, f, NULL);
    cr_assert_eq(filch_completion_queue_add(cq, f, NULL), -EALREADY);
    (void)next_tag(cq);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL), 0);
    filch_future_release(f);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* An unread failure is reported when its last reference goes: so the queue
 * has none left once it has handed the future out. */
Test(behaviour, b059_a_yielded_future_is_not_kept)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &log});
    filch_completion_queue *cq = open_queue();
    filch_future *f = filch_submit(ex, burn, NULL);
    filch_future *out = NULL;
    add(cq, f, NULL);
    filch_future_release(f);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, &out, NULL), 1);
    cr_assert_eq(out, f);
    cr_assert_eq(record_count(&log), 0);
    filch_future_release(out);
    UNTIL(record_count(&log) == 1);
    f = filch_submit(ex, burn, NULL);
    add(cq, f, NULL);
    filch_future_release(f);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL), 1);
    UNTIL(record_count(&log) == 2);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b060_how_many_are_unfinished)
{
    struct scene s;
    set_scene(&s);
    cr_assert_eq(filch_completion_queue_pending(s.cq), 4);
    (void)next_tag(s.cq);
    (void)next_tag(s.cq);
    cr_assert_eq(
        filch_completion_queue_next(s.cq, FILCH_POLL, NULL, NULL), -ETIMEDOUT);
    cr_assert_eq(filch_completion_queue_pending(s.cq), 2);
    gate_pass(&s.gate, 2);
    (void)next_tag(s.cq);
    (void)next_tag(s.cq);
    cr_assert_eq(filch_completion_queue_pending(s.cq), 0);
    strike_scene(&s);
}

/* One worker finishes them in the order of submission; the cancelled one is
 * final before all others. */
Test(behaviour, b061_the_finishing_order_is_kept)
{
    filch_executor *ex = open_pool(1);
    filch_completion_queue *cq = open_queue();
    struct gate gate;
    filch_future *fs[COUNT];
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    for (int i = 0; i < COUNT; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
    for (int i = COUNT - 1; i >= 0; i--)
        add(cq, fs[i], &fs[i]);
    cr_assert_eq(filch_future_cancel(fs[COUNT / 2]), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(next_tag(cq), &fs[COUNT / 2]);
    for (int i = 0; i < COUNT; i++)
        if (i != COUNT / 2)
            cr_assert_eq(next_tag(cq), &fs[i]);
    for (int i = 0; i < COUNT; i++)
        filch_future_release(fs[i]);
    cr_assert_eq(settle(held), 0);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int take_next(void *cq)
{
    return filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL);
}

Test(completion_queue, a_completion_releases_a_blocked_taker)
{
    struct scene s;
    struct reader reader;
    set_scene(&s);
    (void)next_tag(s.cq);
    (void)next_tag(s.cq);
    reader_start(&reader, take_next, s.cq);
    gate_pass(&s.gate, 1);
    cr_assert_eq(reader_join(&reader), 1);
    strike_scene(&s);
}

/* Two takers, one future each: the second must not sleep for ever, nor the
 * one that finds the queue empty. */
Test(completion_queue, several_takers_share_the_rest)
{
    struct scene s;
    struct reader readers[3];
    set_scene(&s);
    (void)next_tag(s.cq);
    (void)next_tag(s.cq);
    for (int i = 0; i < 3; i++)
        reader_start(&readers[i], take_next, s.cq);
    gate_pass(&s.gate, 2);
    int taken = 0;
    for (int i = 0; i < 3; i++)
        taken += reader_join(&readers[i]);
    cr_assert_eq(taken, 2, "the third finds that nothing will come");
    strike_scene(&s);
}

Test(completion_queue, closing_forgets_what_it_holds)
{
    struct scene s;
    set_scene(&s);
    filch_completion_queue_close(s.cq);
    s.cq = NULL;
    strike_scene(&s);
}

Test(completion_queue, a_future_may_be_in_two_queues)
{
    filch_executor *ex = open_pool(1);
    filch_completion_queue *cq[2] = {open_queue(), open_queue()};
    filch_future *f = filch_submit(ex, nothing, NULL);
    add(cq[0], f, &cq[0]);
    add(cq[1], f, &cq[1]);
    cr_assert_eq(next_tag(cq[0]), &cq[0]);
    cr_assert_eq(next_tag(cq[1]), &cq[1]);
    add(cq[0], f, f);
    cr_assert_eq(next_tag(cq[0]), f, "out, it can be added again");
    filch_future_release(f);
    filch_completion_queue_close(cq[0]);
    filch_completion_queue_close(cq[1]);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(completion_queue, null_arguments_are_refused)
{
    struct scene s;
    set_scene(&s);
    cr_assert_eq(filch_completion_queue_open(NULL), -EINVAL);
    filch_completion_queue_close(NULL);
    cr_assert_eq(filch_completion_queue_add(s.cq, NULL, NULL), -EINVAL);
    filch_future *f = filch_submit(s.ex, nothing, NULL);
    cr_assert_eq(filch_completion_queue_add(NULL, f, NULL), -EINVAL);
    cr_assert_eq(
        filch_completion_queue_next(NULL, FILCH_POLL, NULL, NULL), -EINVAL);
    cr_assert_eq(filch_completion_queue_fd(NULL), -EINVAL);
    cr_assert_eq(filch_completion_queue_pending(NULL), 0);
    filch_future_release(f);
    strike_scene(&s);
}
