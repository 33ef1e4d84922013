/* SPDX-License-Identifier: MIT */
/* Then: what a derived future makes of its base, and who cancels whom. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(behaviour, .timeout = 120);
TestSuite(then, .timeout = 120);

static filch_executor *ex;
static struct record log_of_ex = RECORD_INIT;

static void set_up(void)
{
    ex = open_with((struct filch_config){
        .workers = 2, .on_unobserved = record, .data = &log_of_ex});
}

static void tear_down(void)
{
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(record_count(&log_of_ex), 0);
}

struct base {
    filch_promise *p;
    filch_future *f;
};

static struct base begin(void)
{
    struct base base;
    cr_assert_eq(filch_promise_open(&base.p, &base.f, ex), 0);
    return base;
}

static void end(struct base *base)
{
    (void)filch_future_cancel(base->f); /* one without a value is not lost */
    filch_promise_close(base->p);
    filch_future_release(base->f);
}

static void give_value(struct base *base, int value)
{
    cr_assert_eq(filch_promise_set(base->p, &value, sizeof value), 0);
}

static void give_failure(struct base *base)
{
    cr_assert_eq(filch_promise_fail(base->p, -EIO, "disk on fire"), 0);
}

static filch_future *then(
    struct base *base, filch_handler *on_value, filch_handler *on_failure)
{
    filch_future *g;
    cr_assert_eq(filch_then(&g, base->f, ex, on_value, on_failure, NULL), 0);
    return g;
}

static int twice(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    *(int *)result = 2 * int_result(source);
    return 0;
}

static int refuse(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)source;
    (void)arg;
    (void)result;
    return filch_failf(cx, -ERANGE, "out of range");
}

static int forgive(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    cr_assert_eq(outcome(source), -EIO);
    return 0;
}

static int make_do(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)arg;
    *(int *)result = -1;
    return forgive(cx, source, arg, result);
}

static int repackage(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    struct filch_failure why;
    (void)arg;
    (void)result;
    cr_assert_eq(filch_future_failure(source, FILCH_POLL, &why), -EIO);
    return filch_failf(cx, -EPROTO, "no page: %s", why.message);
}

static int never(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)source;
    (void)arg;
    (void)result;
    cr_assert_fail();
    return 0;
}

static void fails_with(filch_future *f, int code, const char *message)
{
    struct filch_failure why = {.code = 0};
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), code);
    cr_assert_eq(why.code, code);
    cr_assert_str_eq(why.message, message);
    filch_future_release(f);
}

static void has_value(filch_future *f, int value)
{
    cr_assert_eq(int_result(f), value);
    filch_future_release(f);
}

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

static int stand_and_hand_on(
    filch_ctx *cx, filch_future *source, void *gate, void *result)
{
    (void)result;
    stand_at(gate);
    return filch_hand_on(cx, source);
}

Test(then, a_handler_that_runs_is_not_broken_off, .init = set_up,
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

static int add_arg(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    *(int *)result = int_result(source) + *(int *)arg;
    return 0;
}

static atomic_int destroyed;

static void count_destroyed(void *arg)
{
    cr_assert_eq(*(int *)arg, 30);
    atomic_fetch_add(&destroyed, 1);
}

static filch_future *then_owning(
    struct base *base, filch_handler *on_value, size_t bytes)
{
    static int arg = 30;
    struct filch_then_options options = {
        .arg_bytes = bytes, .arg_destroy = count_destroyed};
    filch_future *g;
    cr_assert_eq(
        filch_then_with(&g, base->f, ex, on_value, NULL, &arg, &options), 0);
    return g;
}

Test(then, an_argument_is_destroyed_once, .init = set_up, .fini = tear_down)
{
    struct base done = begin(), failed = begin(), open = begin();
    has_value((give_value(&done, 1), then_owning(&done, add_arg, 0)), 31);
    cr_assert_eq(atomic_load(&destroyed), 1);
    has_value(then_owning(&done, add_arg, sizeof(int)), 31);
    cr_assert_eq(atomic_load(&destroyed), 2);
    has_value(then_owning(&done, NULL, sizeof(int)), 1);
    cr_assert_eq(atomic_load(&destroyed), 3);
    give_failure(&failed);
    cr_assert_eq(settle(then_owning(&failed, never, 0)), -EIO);
    cr_assert_eq(atomic_load(&destroyed), 4);
    filch_future *g = then_owning(&open, never, sizeof(int));
    cr_assert_eq(filch_future_cancel(g), 1);
    cr_assert_eq(atomic_load(&destroyed), 5);
    filch_future_release(g);
    end(&done);
    end(&failed);
    end(&open);
}

Test(then, refused_it_destroys_the_argument, .init = set_up, .fini = tear_down)
{
    int arg = 30;
    struct filch_then_options options = {.arg_destroy = count_destroyed};
    struct base base = begin();
    filch_future *g = base.f;
    cr_assert_eq(
        filch_then_with(&g, NULL, ex, never, NULL, &arg, &options), -EINVAL);
    cr_assert_null(g);
    cr_assert_eq(filch_then_with(&g, base.f, NULL, never, NULL, &arg, &options),
        -EINVAL);
    options.flags = 2;
    cr_assert_eq(
        filch_then_with(&g, base.f, ex, never, NULL, &arg, &options), -EINVAL);
    cr_assert_eq(atomic_load(&destroyed), 3);
    end(&base);
}

static int note_call(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)cx;
    (void)source;
    (void)result;
    give(arg, 1);
    return 0;
}

Test(then, nobody_need_ask_for_the_outcome, .init = set_up, .fini = tear_down)
{
    sem_t called;
    struct base base = begin();
    MUST(sem_init(&called, 0, 0) == 0);
    cr_assert_eq(filch_then(NULL, base.f, ex, note_call, NULL, &called), 0);
    give_value(&base, 1);
    take(&called);
    end(&base);
}

Test(then, the_executor_may_be_gone)
{
    struct record log = RECORD_INIT;
    filch_executor *other =
        open_with((struct filch_config){.on_unobserved = record, .data = &log});
    struct base base = begin();
    filch_future *g, *h, *unread;
    cr_assert_eq(filch_then(&g, base.f, other, never, never, NULL), 0);
    cr_assert_eq(filch_then(&h, base.f, other, NULL, never, NULL), 0);
    cr_assert_eq(filch_then(&unread, base.f, other, never, NULL, NULL), 0);
    cr_assert_eq(filch_executor_close(other), 0);
    give_value(&base, 6);
    cr_assert_eq(settle(g), FILCH_ESHUTDOWN);
    has_value(h, 6);
    filch_future_release(unread);
    cr_assert_eq(record_count(&log), 1);
    cr_assert_eq(log.code, FILCH_ESHUTDOWN);
    end(&base);
}

Test(then, a_full_queue_takes_handlers)
{
    struct gate gate;
    ex = open_with((struct filch_config){
        .workers = 1, .queue_limit = 1, .when_full = FILCH_REJECT});
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate), *gs[10];
    struct base base = begin();
    for (int i = 0; i < 10; i++)
        gs[i] = then(&base, twice, NULL);
    give_value(&base, 1);
    gate_pass(&gate, 1);
    for (int i = 0; i < 10; i++)
        has_value(gs[i], 2);
    cr_assert_eq(settle(held), 0);
    end(&base);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(then, cancelled_by_a_shutdown)
{
    struct gate gate;
    ex = open_pool(1);
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    struct base base = begin();
    filch_future *g = then(&base, never, NULL);
    give_value(&base, 1);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(g), -ECANCELED);
    cr_assert_eq(settle(held), 0);
    end(&base);
    cr_assert_eq(filch_executor_close(ex), 0);
}

enum { LARGE = 1000 };

static int fill(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    memset(result, *(int *)arg, LARGE);
    return 0;
}

Test(then, a_large_result_passes, .init = set_up, .fini = tear_down)
{
    int byte = 5;
    unsigned char bytes[LARGE + 1] = {0};
    struct filch_submit_options large = {.result_bytes = LARGE};
    filch_future *f, *g, *h;
    cr_assert_eq(filch_submit_with(&f, ex, fill, &byte, &large), 0);
    cr_assert_eq(filch_then(&g, f, ex, NULL, never, NULL), 0);
    cr_assert_eq(filch_then(&h, g, ex, NULL, never, NULL), 0);
    filch_future_release(f);
    filch_future_release(g);
    cr_assert_eq(filch_future_result(h, FILCH_FOREVER, bytes, LARGE), 0);
    for (int i = 0; i < LARGE; i++)
        cr_assert_eq(bytes[i], 5);
    cr_assert_eq(
        filch_future_result(h, FILCH_POLL, bytes, sizeof bytes), -EINVAL);
    cr_assert_eq(int_result(h), 0x05050505);
    filch_future_release(h);
}

static int derive_in_task(filch_ctx *cx, void *f, void *g)
{
    (void)cx;
    return filch_then((filch_future **)g, f, ex, never, never, NULL);
}

Test(then, a_handler_has_the_token_of_who_derived, .init = set_up,
    .fini = tear_down)
{
    struct base base = begin();
    struct filch_submit_options options = {.token = NULL};
    filch_future *f, *g;
    cr_assert_eq(filch_token_open(&options.token, NULL, FILCH_FOREVER), 0);
    cr_assert_eq(
        filch_submit_with(&f, ex, derive_in_task, base.f, &options), 0);
    cr_assert_eq(filch_future_result(f, FILCH_FOREVER, &g, sizeof g), 0);
    filch_token_cancel(options.token);
    filch_token_release(options.token);
    give_value(&base, 1);
    cr_assert_eq(settle(g), -ECANCELED);
    filch_future_release(f);
    end(&base);
}

Test(then, handing_on_is_for_handlers, .init = set_up, .fini = tear_down)
{
    struct base base = begin();
    cr_assert_eq(filch_hand_on(NULL, base.f), -EINVAL);
    end(&base);
}
