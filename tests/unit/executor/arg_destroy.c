/* SPDX-License-Identifier: MIT */
/* arg_destroy: exactly once in every outcome, for each kind of argument. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/record.h"

#include <criterion/criterion.h>

TestSuite(arg_destroy, .timeout = 120);

struct parcel {
    atomic_int *destroyed;
    char rest[4000];
};

static atomic_int destroyed;
static struct parcel parcel = {.destroyed = &destroyed};
static struct record reports = RECORD_INIT;

static void destroy(void *arg)
{
    struct parcel copy = {0};
    memcpy(&copy.destroyed, arg, sizeof copy.destroyed);
    atomic_fetch_add(copy.destroyed, 1);
}

static int on_start_fails(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -EIO, "no licence");
}

typedef void scenario(const struct filch_submit_options *options);

/* A pointer, a copy inline, and a larger copy. */
static void play(scenario *run)
{
    static const size_t sizes[] = {
        0, sizeof(void *), FILCH_ARG_INLINE, sizeof(struct parcel)};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        atomic_store(&destroyed, 0);
        run(&(struct filch_submit_options){
            .arg_bytes = sizes[i], .arg_destroy = destroy});
        cr_assert_eq(atomic_load(&destroyed), 1, "%zu bytes: %d times",
            sizes[i], atomic_load(&destroyed));
    }
}

static filch_executor *one_worker(size_t limit, enum filch_when_full when_full)
{
    return open_with((struct filch_config){.workers = 1,
        .queue_limit = limit,
        .when_full = when_full,
        .on_unobserved = record,
        .data = &reports});
}

static filch_future *send(filch_executor *ex, filch_task *fn,
    const struct filch_submit_options *options)
{
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, fn, &parcel, options), 0);
    return f;
}

static void done(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    cr_assert_eq(settle(send(ex, nothing, options)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void failed(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    cr_assert_eq(settle(send(ex, burn, options)), -EIO);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void detached(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    cr_assert_eq(filch_submit_with(NULL, ex, nothing, &parcel, options), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void cancelled(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = send(ex, nothing, options);
    cr_assert_eq(filch_future_cancel(f), 1);
    cr_assert_eq(filch_future_cancel(f), 1);
    filch_future_release(f);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void helped(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = send(ex, nothing, options);
    cr_assert_eq(filch_future_help(f), 1);
    filch_future_release(f);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int wait_for_one(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    return settle(send(filch_ctx_executor(cx), nothing, arg));
}

static void claimed(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    struct filch_submit_options copy = *options;
    cr_assert_eq(settle(filch_submit(ex, wait_for_one, &copy)), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void rejected(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(1, FILCH_REJECT);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, nothing, &parcel, options), -EAGAIN);
    cr_assert_null(f);
    cr_assert_eq(atomic_load(&destroyed), 1, "during the call");
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(queued), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void dropped(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(1, FILCH_DROP_OLDEST);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = send(ex, nothing, options);
    filch_future *newer = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(f), FILCH_EDROPPED);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(newer), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void run_here(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(1, FILCH_RUN_HERE);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *queued = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(send(ex, nothing, options)), 0);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(queued), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void after_shutdown(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    filch_future *f = NULL;
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(
        filch_submit_with(&f, ex, nothing, &parcel, options), FILCH_ESHUTDOWN);
    cr_assert_null(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void shut_down(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = send(ex, nothing, options);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL),
        -ETIMEDOUT);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(f), -ECANCELED);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void broken(const struct filch_submit_options *options)
{
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = on_start_fails,
        .on_unobserved = record,
        .data = &reports});
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(f), FILCH_EBROKEN);
    cr_assert_eq(
        filch_submit_with(&f, ex, nothing, &parcel, options), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void breaks(const struct filch_submit_options *options)
{
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = on_start_fails,
        .on_unobserved = record,
        .data = &reports});
    filch_future *f = NULL;
    int rc = filch_submit_with(&f, ex, nothing, &parcel, options);
    cr_assert_eq(rc, 0);
    cr_assert_eq(settle(f), FILCH_EBROKEN);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static void invalid(const struct filch_submit_options *options)
{
    filch_executor *ex = one_worker(0, FILCH_BLOCK);
    filch_task *none = NULL;
    filch_future *f = NULL;
    cr_assert_eq(filch_submit_with(&f, ex, none, &parcel, options), -EINVAL);
    cr_assert_null(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(arg_destroy, task_is_done)
{
    play(done);
}

Test(arg_destroy, task_failed)
{
    play(failed);
}

Test(arg_destroy, nobody_has_the_future)
{
    play(detached);
}

Test(arg_destroy, task_was_cancelled)
{
    play(cancelled);
}

Test(arg_destroy, task_ran_in_the_helper)
{
    play(helped);
}

Test(arg_destroy, task_ran_in_the_waiter)
{
    play(claimed);
}

Test(arg_destroy, queue_full_reject)
{
    play(rejected);
}

Test(arg_destroy, queue_full_drop_oldest)
{
    play(dropped);
}

Test(arg_destroy, queue_full_run_here)
{
    play(run_here);
}

Test(arg_destroy, submitted_after_shutdown)
{
    play(after_shutdown);
}

Test(arg_destroy, shutdown_cancels_it)
{
    play(shut_down);
}

Test(arg_destroy, submitted_to_a_broken_executor)
{
    play(broken);
}

Test(arg_destroy, executor_breaks)
{
    play(breaks);
}

Test(arg_destroy, submit_is_invalid)
{
    play(invalid);
}

enum { MANY = 200 };

static void destroy_one_of_many(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

Test(arg_destroy, each_of_many)
{
    static atomic_int each[MANY];
    static filch_future *fs[MANY];
    filch_executor *ex = open_pool(2);
    struct filch_submit_options owned = {.arg_destroy = destroy_one_of_many};
    cr_assert_eq(
        filch_submit_many(fs, ex, nothing, each, sizeof *each, MANY, &owned),
        0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(atomic_load(&each[i]), 1);
    cr_assert_eq(
        filch_submit_many(fs, ex, nothing, each, sizeof *each, MANY, &owned),
        FILCH_ESHUTDOWN);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(settle(fs[i]), FILCH_ESHUTDOWN);
        cr_assert_eq(atomic_load(&each[i]), 2);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}
