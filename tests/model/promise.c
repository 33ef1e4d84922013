/* SPDX-License-Identifier: MIT */
/* Futures that no worker runs: promises that are set, cancelled, given up and
 * waited for at once, and what is derived from them. */
#include "model.h"

#include <filch/compose.h>
#include <filch/future.h>
#include <filch/promise.h>

#include <errno.h>

enum { BASES = 2 };

static filch_promise *promises[BASES];
static filch_future *bases[BASES];
static filch_future *derived;
static int succeeded[BASES]; /* calls that completed it */
static int expected, destroyed;

static void begin_promises(void)
{
    derived = NULL;
    expected = destroyed = 0;
    for (int i = 0; i < BASES; i++) {
        succeeded[i] = 0;
        MODEL_MUST(filch_promise_open(&promises[i], &bases[i], NULL) == 0);
    }
}

/* The outcomes have been read: nobody need be told. */
static void end(void)
{
    for (int i = 0; i < BASES; i++) {
        (void)filch_future_cancel(bases[i]);
        filch_promise_close(promises[i]);
        (void)filch_future_result(bases[i], FILCH_POLL, NULL, 0);
        filch_future_release(bases[i]);
    }
    filch_future_release(derived);
}

static void set_to(int i, int value)
{
    int rc = filch_promise_set(promises[i], &value, sizeof value);
    MODEL_MUST(rc == 0 || rc == -EALREADY || rc == -ECANCELED);
    if (rc == 0) {
        succeeded[i]++;
        if (i == 0)
            expected = value;
    }
}

static void set_to_1(void)
{
    set_to(0, 1);
}
static void set_to_2(void)
{
    set_to(0, 2);
}
static void set_other(void)
{
    set_to(1, 3);
}

static void fail_it(void)
{
    int rc = filch_promise_fail(promises[0], -EIO, "failed");
    MODEL_MUST(rc == 0 || rc == -EALREADY || rc == -ECANCELED);
    if (rc == 0)
        succeeded[0]++;
}

static void cancel_other(void)
{
    MODEL_MUST(filch_future_cancel(bases[1]) == 1);
}

static void close_it(void)
{
    filch_promise_close(promises[0]);
    promises[0] = NULL;
}

static void start_and_set(void)
{
    int rc = filch_promise_start(promises[0]);
    MODEL_MUST(rc == 0 || rc == 1);
    if (rc)
        MODEL_MUST(filch_future_cancel(bases[0]) == 0);
    set_to(0, 4);
    MODEL_MUST(succeeded[0] == rc);
    close_it();
}

static void cancel_it(void)
{
    int rc = filch_future_cancel(bases[0]);
    MODEL_MUST(rc == 0 || rc == 1);
    MODEL_MUST(rc == (filch_future_state(bases[0]) == FILCH_CANCELLED));
}

static void wait_for(filch_future *f)
{
    int value = 0;
    int rc = filch_future_result(f, FILCH_FOREVER, &value, sizeof value);
    MODEL_MUST(rc == 0 || rc == -EIO || rc == -ECANCELED || rc == FILCH_ELOST);
    if (rc == 0)
        MODEL_MUST(value >= 0);
}

static void wait_for_it(void)
{
    wait_for(bases[0]);
}

static void wait_for_derived(void)
{
    wait_for(derived);
}

static void end_one_success(void)
{
    int value = 0;
    MODEL_MUST(succeeded[0] == 1);
    MODEL_MUST(
        filch_future_result(bases[0], FILCH_POLL, &value, sizeof value) == 0);
    MODEL_MUST(value == expected);
    end();
}

static void end_set_or_cancelled(void)
{
    enum filch_state state = filch_future_state(bases[0]);
    MODEL_MUST(state == (succeeded[0] ? FILCH_DONE : FILCH_CANCELLED));
    end();
}

static void end_failed_or_done(void)
{
    MODEL_MUST(succeeded[0] == 1);
    MODEL_MUST(filch_future_state(bases[0]) >= FILCH_DONE);
    end();
}

static void end_lost_or_cancelled(void)
{
    int rc = filch_future_result(bases[0], FILCH_POLL, NULL, 0);
    MODEL_MUST(rc == FILCH_ELOST || rc == -ECANCELED);
    end();
}

/* What is derived. */
static void count_destroyed(void *arg)
{
    (void)arg;
    destroyed++;
}

static void begin_then(unsigned flags)
{
    struct filch_then_options options = {
        .arg_destroy = count_destroyed, .flags = flags};
    begin_promises();
    MODEL_MUST(filch_then_with(
                   &derived, bases[0], NULL, NULL, NULL, NULL, &options) == 0);
}

static void begin_then_down(void)
{
    begin_then(0);
}
static void begin_then_up(void)
{
    begin_then(FILCH_CANCEL_UP);
}

static void begin_all(void)
{
    begin_promises();
    MODEL_MUST(filch_all(&derived, bases, BASES) == 0);
}

static void begin_any(void)
{
    begin_promises();
    MODEL_MUST(filch_any(&derived, bases, BASES) == 0);
}

static void cancel_derived(void)
{
    (void)filch_future_cancel(derived);
}

static void derive_and_wait(void)
{
    MODEL_MUST(filch_all(&derived, bases, BASES) == 0);
    wait_for(derived);
}

static void derive_any_and_wait(void)
{
    MODEL_MUST(filch_any(&derived, bases, BASES) == 0);
    wait_for(derived);
}

static void end_destroyed(void)
{
    MODEL_MUST(destroyed == 1);
    MODEL_MUST(filch_future_state(derived) >= FILCH_DONE);
    end();
}

static void end_derived_down(void)
{
    MODEL_MUST(filch_future_state(bases[0]) == FILCH_DONE);
    end_destroyed();
}

static void end_all(void)
{
    enum filch_state state = filch_future_state(derived);
    if (state == FILCH_DONE)
        MODEL_MUST(succeeded[0] == 1 && succeeded[1] == 1);
    else
        MODEL_MUST(state == FILCH_CANCELLED);
    end();
}

static void end_any(void)
{
    size_t winner = BASES;
    int rc = filch_future_result(derived, FILCH_POLL, &winner, sizeof winner);
    MODEL_MUST(rc == 0 && winner < BASES);
    MODEL_MUST(filch_future_state(bases[winner]) == FILCH_DONE);
    MODEL_MUST(filch_future_state(bases[1 - winner]) >= FILCH_DONE);
    end();
}

static void end_any_failed(void)
{
    MODEL_MUST(filch_future_result(derived, FILCH_POLL, NULL, 0) == -EIO);
    end();
}

static const struct model_scene scenes[] = {
    {.name = "promise/two_values",
        .begin = begin_promises,
        .play = {set_to_1, set_to_2, wait_for_it},
        .end = end_one_success},
    {.name = "promise/cancel",
        .begin = begin_promises,
        .play = {set_to_1, cancel_it, wait_for_it},
        .end = end_set_or_cancelled},
    {.name = "promise/start",
        .begin = begin_promises,
        .play = {start_and_set, cancel_it},
        .end = end_set_or_cancelled},
    {.name = "promise/failure",
        .begin = begin_promises,
        .play = {fail_it, set_to_2},
        .end = end_failed_or_done},
    {.name = "promise/close",
        .begin = begin_promises,
        .play = {close_it, cancel_it, wait_for_it},
        .end = end_lost_or_cancelled},
    {.name = "promise/lost",
        .begin = begin_promises,
        .play = {close_it, wait_for_it},
        .end = end_lost_or_cancelled},
    {.name = "promise/then_cancel",
        .begin = begin_then_down,
        .play = {set_to_1, cancel_derived},
        .end = end_derived_down},
    {.name = "promise/then_cancel_up",
        .begin = begin_then_up,
        .play = {set_to_1, cancel_derived},
        .end = end_destroyed},
    {.name = "promise/then_wait",
        .begin = begin_then_down,
        .play = {set_to_1, wait_for_derived},
        .end = end_derived_down},
    {.name = "promise/all_cancel",
        .begin = begin_all,
        .play = {set_to_1, set_other, cancel_derived},
        .end = end_all,
        .preemptions = 1,
        .stale = 1},
    {.name = "promise/all_cancel_input",
        .begin = begin_all,
        .play = {set_other, cancel_it},
        .end = end_all},
    {.name = "promise/all_derive",
        .begin = begin_promises,
        .play = {set_to_1, set_other, derive_and_wait},
        .end = end_all,
        .preemptions = 1,
        .stale = 1},
    {.name = "promise/any_two_values",
        .begin = begin_any,
        .play = {set_to_1, set_other},
        .end = end_any},
    {.name = "promise/any_derive",
        .begin = begin_promises,
        .play = {set_other, derive_any_and_wait},
        .end = end_any},
    {.name = "promise/any_failed",
        .begin = begin_any,
        .play = {fail_it, cancel_other},
        .end = end_any_failed},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
