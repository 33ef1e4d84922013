/* SPDX-License-Identifier: MIT */
/* What is left when an executor is gone: its futures, and nothing else. */
#include "../../support/child.h"
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"
#include "../../support/record.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <signal.h>

TestSuite(lifetime, .timeout = 120);

static int count_call(filch_future *f, void *calls)
{
    (void)f;
    ++*(int *)calls;
    return 0;
}

static void check_done(filch_future *f)
{
    int calls = 0;
    char line[200];
    cr_assert_eq(filch_future_state(f), FILCH_DONE);
    cr_assert_eq(int_result(f), 17);
    cr_assert_eq(filch_future_cancel(f), 0);
    cr_assert_eq(filch_future_help(f), 0);
    cr_assert_gt(filch_future_describe(f, line, sizeof line), 0);
    cr_assert_eq(filch_future_on_done(f, count_call, &calls), 0);
    cr_assert_eq(calls, 1);
    cr_assert_eq(filch_wait(&f, 1, FILCH_ALL, FILCH_FOREVER, NULL), 1);
    cr_assert_eq(filch_future_retain(f), f);
    filch_future_release(f);
}

static void check_failed(filch_future *f)
{
    struct filch_failure why;
    cr_assert_eq(filch_future_failure(f, FILCH_POLL, &why), -EIO);
    cr_assert_str_eq(why.message, "disk on fire");
    cr_assert_str_eq(why.task, "burn");
    cr_assert_not_null(strstr(why.where, "lifetime.c:"));
}

Test(lifetime, futures_outlive_their_executor)
{
    int n = 17;
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *done = filch_submit(ex, echo, &n);
    filch_future *failed = filch_submit(ex, burn, NULL);
    filch_future *held = occupy(ex, &gate);
    filch_future *cancelled = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_future_cancel(cancelled), 1);
    gate_pass(&gate, 1);
    cr_assert_eq(filch_executor_close(ex), 0);
    check_done(done);
    check_failed(failed);
    cr_assert_eq(settle(cancelled), -ECANCELED);
    cr_assert_eq(settle(held), 0);
    filch_future_release(done);
    filch_future_release(failed);
}

Test(lifetime, a_refused_future_outlives_it_too)
{
    filch_executor *ex = open_pool(1);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(settle(f), FILCH_ESHUTDOWN);
}

Test(lifetime, a_queue_outlives_it_too)
{
    filch_completion_queue *cq = NULL;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, burn, NULL);
    cr_assert_eq(filch_completion_queue_add(cq, f, NULL), 0);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(filch_completion_queue_next(cq, FILCH_POLL, &f, NULL), 1);
    check_failed(f);
    filch_future_release(f);
    filch_completion_queue_close(cq);
}

Test(lifetime, an_unread_failure_is_reported_after_the_close)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){
        .workers = 1, .on_unobserved = record, .data = &log});
    filch_future *f = filch_submit(ex, burn, NULL);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(log.count, 0);
    filch_future_release(f);
    cr_assert_eq(log.count, 1);
    cr_assert_str_eq(log.message, "disk on fire");
}

static void use_everything(void)
{
    filch_executor *ex = open_pool(3);
    filch_completion_queue *cq = NULL;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_geq(filch_completion_queue_fd(cq), 0);
    for (int i = 0; i < 200; i++) {
        filch_future *f = filch_submit(ex, nothing, NULL);
        cr_assert_eq(filch_completion_queue_add(cq, f, NULL), 0);
        filch_future_release(f);
    }
    for (int i = 0; i < 200; i++)
        cr_assert_eq(
            filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL), 1);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(lifetime, no_thread_and_no_descriptor_is_left)
{
    int threads = count_threads();
    int fds = count_fds();
    for (int round = 0; round < 20; round++)
        use_everything();
    UNTIL(count_threads() == threads);
    cr_assert_eq(count_fds(), fds);
}

static size_t mapped_kib(void)
{
    size_t pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    MUST(statm != NULL && fscanf(statm, "%zu", &pages) == 1);
    fclose(statm);
    return pages * 4;
}

/* What libc keeps: a few stacks of threads that have ended. Hundreds of
 * executors would leave more than that if each left one, of 8 MiB. */
enum { CACHED_KIB = 65536 };

Test(lifetime, no_mapping_is_left)
{
    if (TESTS_ASAN)
        cr_skip_test("AddressSanitizer maps memory of its own");
    mallopt(M_ARENA_MAX, 1);
    for (int round = 0; round < 50; round++)
        use_everything();
    size_t before = mapped_kib();
    for (int round = 0; round < 200; round++)
        use_everything();
    cr_assert_leq(mapped_kib(), before + CACHED_KIB, "%zu KiB, then %zu",
        before, mapped_kib());
}

static void release_some(int threads)
{
    for (int i = 0; i < 20; i++) {
        filch_executor *ex = open_pool(1);
        filch_future *f = filch_submit(ex, nothing, NULL);
        cr_assert_eq(filch_executor_release(ex), 0);
        cr_assert_eq(settle(f), 0);
    }
    UNTIL(count_threads() == threads);
}

Test(lifetime, no_mapping_is_left_by_released_executors)
{
    if (TESTS_ASAN)
        cr_skip_test("AddressSanitizer maps memory of its own");
    mallopt(M_ARENA_MAX, 1);
    int threads = count_threads();
    for (int round = 0; round < 5; round++)
        release_some(threads);
    size_t before = mapped_kib();
    for (int round = 0; round < 20; round++)
        release_some(threads);
    cr_assert_leq(mapped_kib(), before + CACHED_KIB, "%zu KiB, then %zu",
        before, mapped_kib());
}

Test(lifetime, the_default_executor)
{
    filch_executor *ex = filch_default();
    cr_assert_not_null(ex);
    cr_assert_eq(filch_default(), ex);
    cr_assert_geq(filch_executor_workers(ex), 1);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(filch_executor_close(ex), -EPERM);
    cr_assert_eq(filch_executor_release(ex), -EPERM);
    cr_assert_eq(
        filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), -EPERM);
    cr_assert_eq(settle(filch_submit(filch_default(), burn, NULL)), -EIO);
}

static void *get_default(void *arg)
{
    pthread_barrier_wait(arg);
    return filch_default();
}

Test(lifetime, the_default_executor_is_one_for_all_threads)
{
    pthread_t threads[4];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, 4);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, get_default, &start);
    for (int i = 0; i < 4; i++) {
        void *ex = NULL;
        pthread_join(threads[i], &ex);
        cr_assert_eq(ex, filch_default());
    }
}

static int fail_unread(void *arg)
{
    (void)arg;
    filch_with (ex, .workers = 1)
        filch_future_release(filch_submit(ex, burn, NULL));
    return 0;
}

Test(lifetime, an_unread_failure_is_a_line_on_stderr_by_default)
{
    struct child child;
    run_child(&child, fail_unread, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    cr_assert_not_null(strstr(child.err, "burn"), "%s", child.err);
    cr_assert_not_null(strstr(child.err, "disk on fire"), "%s", child.err);
    cr_assert_eq(strchr(child.err, '\n'), child.err + strlen(child.err) - 1);
}

static int fail_at_length(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    return filch_failf(cx, -EIO, "%1000s", "long");
}

static int fail_at_length_unread(void *arg)
{
    (void)arg;
    filch_with (ex, .workers = 1)
        filch_future_release(filch_submit(ex, fail_at_length, NULL));
    return 0;
}

Test(lifetime, a_long_line_on_stderr_is_cut)
{
    struct child child;
    run_child(&child, fail_at_length_unread, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    cr_assert_not_null(strstr(child.err, "fail_at_length"), "%s", child.err);
    cr_assert_lt(strlen(child.err), 600);
    cr_assert_eq(strchr(child.err, '\n'), child.err + strlen(child.err) - 1);
}

static int use_nonsense(void *arg)
{
    (void)arg;
    setenv("FILCH_WORKERS", "banana", 1);
    filch_with (ex, .spares = 0)
        filch_future_release(filch_submit(ex, nothing, NULL));
    return 0;
}

Test(lifetime, nonsense_in_the_environment_is_a_line_on_stderr)
{
    struct child child;
    run_child(&child, use_nonsense, NULL);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0);
    cr_assert_not_null(strstr(child.err, "FILCH_WORKERS"), "%s", child.err);
    cr_assert_eq(strchr(child.err, '\n'), child.err + strlen(child.err) - 1);
}

#ifdef FILCH_DEBUG
static int release_twice(void *arg)
{
    (void)arg;
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, nothing, NULL);
    (void)outcome(f);
    filch_future_release(f);
    filch_future_release(f);
    filch_executor_close(ex);
    return 0;
}

Test(lifetime, a_double_release_aborts)
{
    struct child child;
    run_child(&child, release_twice, NULL);
    cr_assert(WIFSIGNALED(child.status), "status %#x", (unsigned)child.status);
    cr_assert_eq(WTERMSIG(child.status), SIGABRT);
    cr_assert_not_null(strstr(child.err, "release"), "said '%s'", child.err);
}
#endif
