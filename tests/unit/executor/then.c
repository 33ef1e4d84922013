/* SPDX-License-Identifier: MIT */
/* Then: what a derived future makes of its base, and who cancels whom. */
#include "../../support/derive.h"

TestSuite(behaviour, .timeout = 120);
TestSuite(then, .timeout = 120);

Test(behaviour, b134_cancelling_the_base_cancels_the_derived, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, never, never);
    cr_assert_eq(filch_future_cancel(base.f), 1);
    cr_assert_eq(filch_future_state(g), FILCH_CANCELLED);
    cr_assert_eq(settle(g), -ECANCELED);
    end(&base);
}

Test(behaviour, b134_cancelling_the_derived_leaves_the_base, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, never, never);
    cr_assert_eq(filch_future_cancel(g), 1);
    cr_assert_eq(filch_future_state(base.f), FILCH_PENDING);
    give_value(&base, 1);
    cr_assert_eq(int_result(base.f), 1);
    cr_assert_eq(settle(g), -ECANCELED);
    end(&base);
}

Test(behaviour, b134_cancelling_the_derived_cancels_the_base_if_told,
    .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    struct filch_then_options up = {.flags = FILCH_CANCEL_UP};
    filch_future *g, *h;
    cr_assert_eq(filch_then_with(&g, base.f, ex, never, NULL, NULL, &up), 0);
    cr_assert_eq(filch_then_with(&h, g, ex, never, NULL, NULL, &up), 0);
    cr_assert_eq(filch_future_cancel(h), 1);
    cr_assert_eq(filch_future_state(g), FILCH_CANCELLED);
    cr_assert_eq(filch_future_state(base.f), FILCH_CANCELLED);
    filch_future_release(g);
    filch_future_release(h);
    end(&base);
}

Test(behaviour, b135_several_derived_all_complete, .init = set_up,
    .fini = tear_down)
{
    filch_future *gs[10];
    struct base base = begin();
    for (int i = 0; i < 10; i++)
        gs[i] = then(&base, i % 2 ? twice : NULL, never);
    give_value(&base, 21);
    for (int i = 0; i < 10; i++)
        has_value(gs[i], i % 2 ? 42 : 21);
    end(&base);
}

Test(behaviour, b135_without_handlers_a_value_passes, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, NULL, never), *h;
    cr_assert_eq(filch_then(&h, g, NULL, NULL, NULL, NULL), 0);
    give_value(&base, 7);
    has_value(g, 7);
    has_value(h, 7);
    end(&base);
}

static int burn_here(filch_ctx *cx, void *arg, void *result)
{
    return burn(cx, arg, result);
}

Test(behaviour, b135_without_handlers_a_failure_passes, .init = set_up,
    .fini = tear_down)
{
    struct filch_failure why;
    char line[200];
    filch_future *base = filch_submit(ex, burn_here, NULL), *g, *h;
    cr_assert_eq(filch_then(&g, base, ex, never, NULL, NULL), 0);
    cr_assert_eq(filch_then(&h, g, NULL, NULL, NULL, NULL), 0);
    filch_future_release(base);
    filch_future_release(g);
    cr_assert_eq(filch_future_failure(h, FILCH_FOREVER, &why), -EIO);
    cr_assert_str_eq(why.message, "disk on fire");
    cr_assert_str_eq(why.task, "burn_here");
    cr_assert_not_null(strstr(why.where, "then.c:"));
    filch_future_describe(h, line, sizeof line);
    cr_assert_not_null(strstr(line, "disk on fire"));
    filch_future_release(h);
}

Test(behaviour, b136_a_value_handler_maps, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, twice, never), *h;
    cr_assert_eq(filch_then(&h, g, ex, twice, never, NULL), 0);
    give_value(&base, 4);
    has_value(g, 8);
    has_value(h, 16);
    end(&base);
}

Test(behaviour, b136_a_failing_value_handler_fails_the_derived, .init = set_up,
    .fini = tear_down)
{
    struct filch_failure why;
    struct base base = begin();
    filch_future *g = then(&base, refuse, never);
    give_value(&base, 4);
    cr_assert_eq(filch_future_failure(g, FILCH_FOREVER, &why), -ERANGE);
    cr_assert_str_eq(why.task, "then(on_value, on_failure)");
    fails_with(g, -ERANGE, "out of range");
    end(&base);
}

Test(behaviour, b137_a_failure_handler_repackages, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, never, repackage);
    give_failure(&base);
    fails_with(g, -EPROTO, "no page: disk on fire");
    end(&base);
}

Test(behaviour, b137_a_failure_handler_succeeds, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, never, make_do);
    give_failure(&base);
    has_value(g, -1);
    end(&base);
}

Test(behaviour, b137_an_empty_one_gives_success_without_value, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    filch_future *g = then(&base, never, forgive);
    give_failure(&base);
    has_value(g, 0);
    end(&base);
}

/* mpi4py's compose is a then with FILCH_CANCEL_UP. */
static filch_future *compose(
    struct base *base, filch_handler *on_value, filch_handler *on_failure)
{
    struct filch_then_options up = {.flags = FILCH_CANCEL_UP};
    filch_future *g;
    cr_assert_eq(
        filch_then_with(&g, base->f, ex, on_value, on_failure, NULL, &up), 0);
    return g;
}

Test(behaviour, b146_value_hooks, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    filch_future *mapped = compose(&base, twice, never);
    filch_future *failed = compose(&base, refuse, never);
    filch_future *passed = compose(&base, NULL, never);
    give_value(&base, 3);
    has_value(mapped, 6);
    fails_with(failed, -ERANGE, "out of range");
    has_value(passed, 3);
    end(&base);
}

Test(behaviour, b146_failure_hooks, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    filch_future *valued = compose(&base, never, make_do);
    filch_future *other = compose(&base, never, repackage);
    filch_future *failing = compose(&base, never, refuse);
    filch_future *passed = compose(&base, never, NULL);
    give_failure(&base);
    has_value(valued, -1);
    fails_with(other, -EPROTO, "no page: disk on fire");
    fails_with(failing, -ERANGE, "out of range");
    fails_with(passed, -EIO, "disk on fire");
    end(&base);
}

Test(then, on_a_base_that_is_final, .init = set_up, .fini = tear_down)
{
    struct base done = begin(), failed = begin(), cancelled = begin();
    give_value(&done, 2);
    give_failure(&failed);
    cr_assert_eq(filch_future_cancel(cancelled.f), 1);
    has_value(then(&done, twice, never), 4);
    has_value(then(&failed, never, make_do), -1);
    filch_future *g = then(&cancelled, never, never);
    cr_assert_eq(filch_future_state(g), FILCH_CANCELLED);
    filch_future_release(g);
    end(&done);
    end(&failed);
    end(&cancelled);
}

Test(then, a_handler_that_has_not_started_is_cancelled, .init = set_up,
    .fini = tear_down)
{
    struct gate gate;
    struct base base = begin();
    gate_init(&gate);
    filch_future *held[2] = {occupy(ex, &gate), occupy(ex, &gate)};
    filch_future *g = then(&base, never, never);
    give_value(&base, 1);
    cr_assert_eq(filch_future_state(g), FILCH_PENDING);
    cr_assert_eq(filch_future_cancel(g), 1);
    gate_pass(&gate, 2);
    cr_assert_eq(settle(held[0]), 0);
    cr_assert_eq(settle(held[1]), 0);
    cr_assert_eq(settle(g), -ECANCELED);
    end(&base);
}
