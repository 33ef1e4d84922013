/* SPDX-License-Identifier: MIT */
/* Times of tasks and tokens, by the virtual clock: nothing here sleeps. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(times, .timeout = 120);

enum { HOUR_S = 3600 };

static void start_clock(void)
{
    cr_assert_eq(filch_virtual_clock_start(FILCH_S(1000)), 0);
}

static void pass_seconds(int seconds)
{
    cr_assert_eq(filch_virtual_clock_advance(FILCH_S(seconds)), 0);
}

static filch_future *send(filch_executor *ex, filch_task *fn, void *arg,
    struct filch_submit_options options)
{
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, fn, arg, &options), 0);
    return f;
}

Test(times, the_clock_refuses)
{
    cr_assert_eq(filch_virtual_clock_advance(1), -EINVAL);
    cr_assert_eq(filch_virtual_clock_stop(), -EINVAL);
    cr_assert_eq(filch_virtual_clock_start(0), -EINVAL);
    cr_assert_eq(filch_virtual_clock_start(FILCH_FOREVER), -EINVAL);
    start_clock();
    cr_assert_eq(filch_virtual_clock_start(1), -EBUSY);
    cr_assert_eq(filch_now(), FILCH_S(1000));
    cr_assert_eq(filch_virtual_clock_advance(-1), -EINVAL);
    pass_seconds(1);
    cr_assert_eq(filch_now(), FILCH_S(1001));
    cr_assert_eq(filch_virtual_clock_stop(), 0);
}

Test(times, the_clock_cannot_be_taken_over_while_there_are_timers)
{
    filch_token *token;
    cr_assert_eq(filch_token_open(&token, NULL, filch_after(FILCH_S(100))), 0);
    cr_assert_eq(filch_virtual_clock_start(1), -EBUSY);
    filch_token_release(token);
    start_clock();
}

Test(times, not_before)
{
    start_clock();
    filch_executor *ex = open_pool(2);
    int value = 7;
    filch_future *later = send(ex, echo, &value,
        (struct filch_submit_options){
            .not_before = filch_after(FILCH_S(HOUR_S))});
    filch_future *now = send(ex, echo, &value,
        (struct filch_submit_options){.not_before = filch_now()});
    cr_assert_eq(settle(now), 0);
    cr_assert_eq(filch_executor_pending(ex), 1);
    pass_seconds(HOUR_S - 1);
    cr_assert_eq(filch_future_state(later), FILCH_PENDING);
    cr_assert_eq(filch_future_help(later), 0);
    pass_seconds(1);
    cr_assert_eq(int_result(later), 7);
    filch_future_release(later);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct diary {
    struct gate gate;
    int next;
    int entries[100];
};

struct entry {
    struct diary *diary;
    int value;
};

static int note(filch_ctx *cx, void *arg, void *result)
{
    const struct entry *entry = arg;
    (void)cx;
    (void)result;
    entry->diary->entries[entry->diary->next++] = entry->value;
    return 0;
}

Test(times, many_come_in_the_order_of_their_times)
{
    enum { COUNT = 100 };
    static struct diary diary;
    filch_future *fs[COUNT];
    start_clock();
    filch_executor *ex = open_pool(1);
    for (int i = 0; i < COUNT; i++) {
        struct entry entry = {&diary, i * 37 % COUNT};
        fs[i] = send(ex, note, &entry,
            (struct filch_submit_options){.arg_bytes = sizeof entry,
                .not_before = filch_after(FILCH_S(entry.value + 1))});
    }
    for (int i = 0; i < COUNT / 2; i++)
        pass_seconds(2);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(settle(fs[i]), 0);
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(diary.entries[i], i);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, one_that_waits_can_be_cancelled)
{
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *f = send(ex, nothing, NULL,
        (struct filch_submit_options){.not_before = filch_after(FILCH_S(5))});
    cr_assert_eq(filch_future_cancel(f), 1);
    cr_assert_eq(filch_executor_pending(ex), 0);
    pass_seconds(10);
    cr_assert_eq(settle(f), -ECANCELED);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, a_shutdown_cancels_what_waits_for_its_time)
{
    atomic_int destroyed = 0;
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *f = send(ex, nothing, &destroyed,
        (struct filch_submit_options){.not_before = filch_after(FILCH_S(5))});
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(settle(f), -ECANCELED);
    cr_assert_eq(filch_submit_with(&f, ex, nothing, NULL,
                     (&(struct filch_submit_options){
                         .not_before = filch_after(FILCH_S(5))})),
        FILCH_ESHUTDOWN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, start_by)
{
    struct gate gate;
    gate_init(&gate);
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *busy = occupy(ex, &gate);
    filch_future *late = send(ex, nothing, NULL,
        (struct filch_submit_options){.start_by = filch_after(FILCH_S(5))});
    filch_future *in_time = send(ex, nothing, NULL,
        (struct filch_submit_options){.start_by = filch_after(FILCH_S(50))});
    cr_assert_eq(filch_submit_with(NULL, ex, nothing, NULL,
                     (&(struct filch_submit_options){
                         .start_by = filch_after(FILCH_S(50))})),
        0);
    pass_seconds(5);
    /* at once, not when a worker comes to it */
    cr_assert_eq(settle(late), FILCH_EEXPIRED);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(busy), 0);
    cr_assert_eq(settle(in_time), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int wait_for_stop(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    give(&((struct gate *)arg)->arrived, 1);
    while (!filch_stopping(cx))
        ;
    return filch_token_state(filch_ctx_token(cx));
}

Test(times, a_deadline_stops_the_task)
{
    struct gate gate;
    gate_init(&gate);
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *runs = send(ex, wait_for_stop, &gate,
        (struct filch_submit_options){.deadline = filch_after(FILCH_S(5))});
    filch_future *waits = send(ex, nothing, NULL,
        (struct filch_submit_options){.deadline = filch_after(FILCH_S(4))});
    gate_await(&gate, 1);
    pass_seconds(5);
    cr_assert_eq(settle(runs), -ETIMEDOUT);
    cr_assert_eq(settle(waits), -ECANCELED);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, deadlines_go_down_the_tree)
{
    start_clock();
    filch_token *top, *below;
    cr_assert_eq(filch_token_open(&top, NULL, filch_after(FILCH_S(5))), 0);
    cr_assert_eq(filch_token_open(&below, top, filch_after(FILCH_S(9))), 0);
    pass_seconds(4);
    cr_assert_eq(filch_token_state(below), 0);
    pass_seconds(1);
    cr_assert_eq(filch_token_state(top), -ETIMEDOUT);
    cr_assert_eq(filch_token_state(below), -ETIMEDOUT);
    filch_token_cancel(below);
    cr_assert_eq(filch_token_state(below), -ETIMEDOUT);
    filch_token_release(top);
    filch_token_release(below);
    cr_assert_eq(filch_token_open(&top, NULL, FILCH_POLL), 0);
    cr_assert_eq(filch_token_state(top), -ETIMEDOUT);
    filch_token_release(top);
}

static int beat(filch_ctx *cx, void *arg, void *result)
{
    struct diary *diary = arg;
    (void)cx;
    (void)result;
    diary->next++;
    give(&diary->gate.arrived, 1);
    return 0;
}

Test(times, a_period)
{
    static struct diary diary;
    gate_init(&diary.gate);
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *f = send(
        ex, beat, &diary, (struct filch_submit_options){.period = FILCH_S(10)});
    gate_await(&diary.gate, 1);
    for (int i = 2; i < 10; i++) {
        while (filch_executor_pending(ex) == 0)
            ; /* until it waits for its next time */
        pass_seconds(10);
        gate_await(&diary.gate, 1);
    }
    cr_assert_eq(filch_future_cancel(f) == 1 || settle(f) == 0, 1);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(diary.next, 9);
}

/* Its third run is the last one. */
static int three_times(filch_ctx *cx, void *arg, void *result)
{
    struct diary *diary = arg;
    (void)cx;
    diary->next++;
    *(int *)result = diary->next;
    give(&diary->gate.arrived, 1);
    return diary->next == 3;
}

Test(times, a_period_ends_with_a_run_that_says_so)
{
    static struct diary diary;
    gate_init(&diary.gate);
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *f = send(ex, three_times, &diary,
        (struct filch_submit_options){.period = FILCH_S(1)});
    for (int i = 0; i < 2; i++) {
        gate_await(&diary.gate, 1);
        while (filch_executor_pending(ex) == 0)
            ;
        pass_seconds(1);
    }
    cr_assert_eq(int_result(f), 3);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, a_period_ends_with_the_run_in_which_it_is_cancelled)
{
    struct gate gate;
    gate_init(&gate);
    start_clock();
    filch_executor *ex = open_pool(1);
    filch_future *f = send(
        ex, stand, &gate, (struct filch_submit_options){.period = FILCH_S(1)});
    gate_await(&gate, 1);
    cr_assert_eq(filch_future_cancel(f), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fail_second(filch_ctx *cx, void *arg, void *result)
{
    struct diary *diary = arg;
    (void)result;
    give(&diary->gate.arrived, 1);
    return diary->next++ ? filch_failf(cx, -EIO, "no more") : 0;
}

Test(times, a_period_ends_with_a_failure)
{
    static struct diary diary;
    static struct record reports = RECORD_INIT;
    gate_init(&diary.gate);
    start_clock();
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &reports});
    filch_future *f = send(ex, fail_second, &diary,
        (struct filch_submit_options){.period = FILCH_S(1)});
    gate_await(&diary.gate, 1);
    while (filch_executor_pending(ex) == 0)
        ;
    pass_seconds(1);
    cr_assert_eq(settle(f), -EIO);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(times, options_refuse)
{
    filch_executor *ex = open_pool(1);
    filch_future *f;
    cr_assert_eq(filch_submit_with(&f, ex, nothing, NULL,
                     (&(struct filch_submit_options){.period = -1})),
        -EINVAL);
    cr_assert_eq(filch_submit_with(&f, ex, nothing, NULL,
                     (&(struct filch_submit_options){
                         .period = 1, .start_by = FILCH_FOREVER})),
        -EINVAL);
    cr_assert_eq(
        filch_submit_with(&f, ex, nothing, NULL,
            (&(struct filch_submit_options){.result_bytes = SIZE_MAX})),
        -EINVAL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int fill(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    memset(result, *(int *)arg, 1000);
    return 0;
}

Test(times, a_large_result)
{
    unsigned char bytes[1000];
    int value = 42;
    filch_executor *ex = open_pool(1);
    filch_future *f = send(ex, fill, &value,
        (struct filch_submit_options){.result_bytes = sizeof bytes});
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, bytes, sizeof bytes), 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        cr_assert_eq(bytes[i], 42);
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, bytes, sizeof bytes + 1),
        -EINVAL);
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, bytes, 8), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}
