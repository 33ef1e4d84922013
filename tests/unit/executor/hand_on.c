/* SPDX-License-Identifier: MIT */
/* A handler that hands on a future: it is flattened; a circle is an error. */
#include "../../support/derive.h"

TestSuite(behaviour, .timeout = 120);
TestSuite(hand_on, .timeout = 120);

/* Hands on the future behind `arg`. */
static int hand_over(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)source;
    *(int *)result = 99;
    return filch_hand_on(cx, *(filch_future **)arg);
}

static filch_future *then_hand_over(filch_future *f, filch_future **to)
{
    filch_future *g;
    cr_assert_eq(filch_then(&g, f, ex, hand_over, hand_over, to), 0);
    return g;
}

Test(behaviour, b138_a_future_from_a_handler_is_flattened, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin(), inner = begin();
    filch_future *g = then_hand_over(base.f, &inner.f);
    give_value(&base, 1);
    give_value(&inner, 5);
    has_value(g, 5);
    end(&base);
    end(&inner);
}

Test(behaviour, b138_chains_of_such_are_flattened, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin(), inner = begin();
    filch_future *third = then_hand_over(base.f, &inner.f);
    filch_future *second = then_hand_over(base.f, &third);
    filch_future *first = then_hand_over(base.f, &second);
    give_value(&base, 1);
    give_failure(&inner);
    cr_assert_eq(outcome(first), -EIO);
    cr_assert_eq(settle(second), -EIO);
    cr_assert_eq(settle(third), -EIO);
    fails_with(first, -EIO, "disk on fire");
    end(&base);
    end(&inner);
}

Test(behaviour, b138_a_cancelled_one_cancels, .init = set_up, .fini = tear_down)
{
    struct base base = begin(), inner = begin();
    filch_future *g = then_hand_over(base.f, &inner.f);
    cr_assert_eq(filch_future_cancel(inner.f), 1);
    give_value(&base, 1);
    cr_assert_eq(settle(g), -ECANCELED);
    end(&base);
    end(&inner);
}

static int hand_over_and_fail(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    cr_assert_eq(hand_over(cx, source, arg, result), 0);
    cr_assert_eq(hand_over(cx, source, arg, result), 0);
    return -ERANGE;
}

Test(behaviour, b138_a_failure_counts_more, .init = set_up, .fini = tear_down)
{
    struct base base = begin(), inner = begin();
    filch_future *g;
    cr_assert_eq(
        filch_then(&g, base.f, ex, hand_over_and_fail, NULL, &inner.f), 0);
    give_value(&base, 1);
    cr_assert_eq(settle(g), -ERANGE);
    end(&base);
    end(&inner);
}

Test(
    behaviour, b139_a_self_chain_is_an_error, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    filch_future *g;
    cr_assert_eq(filch_then(&g, base.f, ex, hand_over, NULL, &g), 0);
    give_value(&base, 1);
    cr_assert_eq(outcome(g), -EDEADLK);
    filch_future_release(g);
    end(&base);
}

Test(behaviour, b139_a_cycle_is_an_error, .init = set_up, .fini = tear_down)
{
    for (int i = 0; i < 100; i++) {
        struct base base = begin();
        filch_future *ring[5];
        for (int k = 0; k < 5; k++)
            ring[k] = then_hand_over(base.f, &ring[(k + 1) % 5]);
        give_value(&base, 1);
        for (int k = 0; k < 5; k++)
            cr_assert_eq(outcome(ring[k]), -EDEADLK);
        for (int k = 0; k < 5; k++)
            filch_future_release(ring[k]);
        end(&base);
    }
}

Test(behaviour, b139_a_cycle_through_all_and_any, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin(), open = begin();
    filch_future *whole, *either, *further;
    filch_future *g = then_hand_over(base.f, &further);
    cr_assert_eq(filch_all(&whole, (filch_future *[]){open.f, g}, 2), 0);
    cr_assert_eq(filch_any(&either, (filch_future *[]){open.f, whole}, 2), 0);
    cr_assert_eq(filch_then(&further, either, NULL, NULL, NULL, NULL), 0);
    give_value(&base, 1);
    cr_assert_eq(settle(g), -EDEADLK);
    cr_assert_eq(settle(whole), -EDEADLK);
    cr_assert_eq(filch_future_state(open.f), FILCH_CANCELLED);
    cr_assert_eq(settle(either), -EDEADLK);
    cr_assert_eq(settle(further), -EDEADLK);
    end(&base);
    end(&open);
}

static int stand_and_hand_on(
    filch_ctx *cx, filch_future *source, void *gate, void *result)
{
    (void)result;
    stand_at(gate);
    return filch_hand_on(cx, source);
}

Test(hand_on, a_handler_that_runs_is_not_broken_off, .init = set_up,
    .fini = tear_down)
{
    static struct gate gate; /* used after the end, perhaps */
    struct base base = begin();
    filch_future *g;
    gate_init(&gate);
    cr_assert_eq(filch_then(&g, base.f, ex, stand_and_hand_on, NULL, &gate), 0);
    give_value(&base, 1);
    gate_await(&gate, 1);
    cr_assert_eq(filch_future_cancel(g), 1);
    cr_assert_eq(settle(g), -ECANCELED);
    gate_pass(&gate, 1);
    end(&base);
}

Test(hand_on, handing_on_is_for_handlers, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    cr_assert_eq(filch_hand_on(NULL, base.f), -EINVAL);
    end(&base);
}
