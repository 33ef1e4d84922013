/* SPDX-License-Identifier: MIT */
/* Then: arguments, and executors, tokens and results that are special. */
#include "../../support/derive.h"

TestSuite(then_more, .timeout = 120);

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

Test(
    then_more, an_argument_is_destroyed_once, .init = set_up, .fini = tear_down)
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

Test(then_more, refused_it_destroys_the_argument, .init = set_up,
    .fini = tear_down)
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

Test(then_more, nobody_need_ask_for_the_outcome, .init = set_up,
    .fini = tear_down)
{
    sem_t called;
    struct base base = begin();
    MUST(sem_init(&called, 0, 0) == 0);
    cr_assert_eq(filch_then(NULL, base.f, ex, note_call, NULL, &called), 0);
    give_value(&base, 1);
    take(&called);
    end(&base);
}

Test(then_more, the_executor_may_be_gone)
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

Test(then_more, a_full_queue_takes_handlers)
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

Test(then_more, cancelled_by_a_shutdown)
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

Test(then_more, a_large_result_passes, .init = set_up, .fini = tear_down)
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

Test(then_more, a_handler_has_the_token_of_who_derived, .init = set_up,
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
