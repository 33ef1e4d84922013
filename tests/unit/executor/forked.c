/* SPDX-License-Identifier: MIT */
/* In a child made by fork(), every handle answers at once. */
#include "../../support/child.h"
#include "../../support/feature.h"
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(forked, .timeout = 120);

/* What the child inherits. */
struct legacy {
    filch_executor *ex;
    filch_completion_queue *cq;
    struct gate gate;
    filch_future *running;
    filch_future *pending;
};

static void open_legacy(struct legacy *l)
{
    l->ex = open_pool(1);
    gate_init(&l->gate);
    l->running = occupy(l->ex, &l->gate);
    l->pending = filch_submit(l->ex, nothing, NULL);
    cr_assert_eq(filch_completion_queue_open(&l->cq), 0);
    cr_assert_eq(filch_completion_queue_add(l->cq, l->pending, NULL), 0);
}

static void close_legacy(struct legacy *l)
{
    gate_pass(&l->gate, 1);
    cr_assert_eq(settle(l->running), 0);
    cr_assert_eq(settle(l->pending), 0);
    filch_completion_queue_close(l->cq);
    cr_assert_eq(filch_executor_close(l->ex), 0);
}

#define EXPECT(expression, rc)                                                 \
    do {                                                                       \
        int got = (expression);                                                \
        if (got != (rc)) {                                                     \
            fprintf(stderr, "%s: %d\n", #expression, got);                     \
            return 1;                                                          \
        }                                                                      \
    } while (0)

static int never(filch_future *f, void *arg)
{
    (void)f;
    (void)arg;
    abort();
}

static int use_futures(void *arg)
{
    struct legacy *l = arg;
    filch_future *fs[2] = {l->running, l->pending};
    struct filch_failure why;
    EXPECT(
        filch_future_result(l->running, FILCH_FOREVER, NULL, 0), FILCH_EFORKED);
    EXPECT(
        filch_future_result(l->pending, FILCH_FOREVER, NULL, 0), FILCH_EFORKED);
    EXPECT(
        filch_future_failure(l->pending, FILCH_FOREVER, &why), FILCH_EFORKED);
    EXPECT(filch_future_help(l->pending), FILCH_EFORKED);
    EXPECT(filch_future_cancel(l->pending), FILCH_EFORKED);
    EXPECT(filch_future_on_done(l->pending, never, NULL), FILCH_EFORKED);
    EXPECT(filch_wait(fs, 2, FILCH_ALL, FILCH_FOREVER, NULL), FILCH_EFORKED);
    EXPECT(filch_wait(fs, 2, FILCH_FIRST, FILCH_FOREVER, NULL), FILCH_EFORKED);
    return 0;
}

static int use_queue(void *arg)
{
    struct legacy *l = arg;
    filch_completion_queue *own;
    EXPECT(filch_completion_queue_next(l->cq, FILCH_FOREVER, NULL, NULL),
        FILCH_EFORKED);
    EXPECT(filch_completion_queue_add(l->cq, l->running, NULL), FILCH_EFORKED);
    EXPECT(filch_completion_queue_open(&own), 0);
    EXPECT(filch_completion_queue_add(own, l->running, NULL), FILCH_EFORKED);
    EXPECT(filch_completion_queue_next(own, FILCH_POLL, NULL, NULL), 0);
    filch_completion_queue_close(own);
    return 0;
}

static int never_in_worker(filch_ctx *cx, void *arg)
{
    (void)cx;
    (void)arg;
    abort();
}

static int use_executor(void *arg)
{
    struct legacy *l = arg;
    filch_future *f = filch_submit(l->ex, nothing, NULL);
    filch_future *fs[2];
    int items[2] = {0, 0};
    struct filch_map_spec spec = {
        .in = items, .in_stride = sizeof *items, .count = 2};
    EXPECT(settle(f), FILCH_EFORKED);
    EXPECT(filch_submit_with(&f, l->ex, nothing, NULL, NULL), FILCH_EFORKED);
    EXPECT(filch_submit_with(NULL, l->ex, nothing, NULL, NULL), FILCH_EFORKED);
    EXPECT(filch_submit_many(fs, l->ex, nothing, items, sizeof *items, 2, NULL),
        FILCH_EFORKED);
    EXPECT(settle(fs[0]), FILCH_EFORKED);
    EXPECT(settle(fs[1]), FILCH_EFORKED);
    EXPECT(filch_map(l->ex, nothing, &spec), FILCH_EFORKED);
    EXPECT(filch_for_each_worker(l->ex, never_in_worker, NULL, FILCH_FOREVER),
        FILCH_EFORKED);
    EXPECT(filch_executor_shutdown(l->ex, FILCH_FINISH, FILCH_FOREVER),
        FILCH_EFORKED);
    EXPECT(filch_executor_close(l->ex), FILCH_EFORKED);
    return 0;
}

static int fail_part(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)cx, (void)begin, (void)end, (void)arg;
    return -EIO;
}

static int compare(const void *a, const void *b, void *arg)
{
    (void)arg;
    return *(const int *)a - *(const int *)b;
}

static int fail(filch_ctx *cx, void *arg)
{
    (void)cx, (void)arg;
    return -EIO;
}

FILCH_TASK(int, typed, int, n)
{
    return n;
}

static int use_calls(void *arg)
{
    struct legacy *l = arg;
    struct filch_once_flag once = {0};
    int result = 17, items[] = {3, 1, 2};
    EXPECT(filch_for(l->ex, 0, 10, fail_part, NULL), FILCH_EFORKED);
    EXPECT(filch_sort(l->ex, items, 3, sizeof *items, compare, NULL),
        FILCH_EFORKED);
    EXPECT(items[0] == 3 && items[1] == 1 && items[2] == 2, 1);
    EXPECT(filch_run(l->ex, fail, NULL), FILCH_EFORKED);
    EXPECT(typed_run(l->ex, &result, 1), FILCH_EFORKED);
    EXPECT(result, 17);
    EXPECT(filch_once(&once, l->ex, fail, NULL), FILCH_EFORKED);
    EXPECT(
        filch_for_each_worker(l->ex, fail, NULL, FILCH_FOREVER), FILCH_EFORKED);
    EXPECT(filch_for_each_worker(l->ex, fail, NULL, FILCH_POLL), FILCH_EFORKED);
    filch_executor *ex = open_pool(1);
    EXPECT(filch_once(&once, ex, fail, NULL), -EIO); /* it can be done still */
    EXPECT(filch_executor_close(ex), 0);
    return 0;
}

static int open_own(void *arg)
{
    (void)arg;
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 100; i++)
        EXPECT(settle(filch_submit(ex, nothing, NULL)), 0);
    EXPECT(filch_executor_close(ex), 0);
    return 0;
}

/* Ends as programs do, with the handlers of exit(). */
static int just_exit(void *arg)
{
    (void)arg;
    exit(0);
}

static int give_up_handles(void *arg)
{
    struct legacy *l = arg;
    filch_future_release(l->running);
    filch_future_release(l->pending);
    filch_completion_queue_close(l->cq);
    EXPECT(filch_executor_release(l->ex), FILCH_EFORKED);
    return 0;
}

static void inherit(int (*body)(void *legacy))
{
    static struct legacy legacy;
    struct child child;
    open_legacy(&legacy);
    run_child(&child, body, &legacy);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0,
        "status %#x, said '%s'", (unsigned)child.status, child.err);
    close_legacy(&legacy);
}

Test(forked, futures)
{
    inherit(use_futures);
}

Test(forked, completion_queue)
{
    inherit(use_queue);
}

Test(forked, executor)
{
    inherit(use_executor);
}

Test(forked, runs_and_loops)
{
    inherit(use_calls);
}

Test(forked, a_new_executor_works)
{
    inherit(open_own);
}

Test(forked, the_child_exits)
{
    inherit(just_exit);
}

Test(forked, handles_can_be_given_up)
{
    inherit(give_up_handles);
}

static int fork_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct child child;
    (void)cx;
    (void)result;
    run_child(&child, open_own, arg);
    return WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0 ? 0 : -1;
}

/* In the child no thread runs a task: not even what was a plain call. */
static int call_in_task(filch_ctx *cx, void *arg, void *result)
{
    struct child child;
    struct legacy legacy = {.ex = filch_ctx_executor(cx)};
    (void)arg;
    (void)result;
    run_child(&child, use_calls, &legacy);
    if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != 0)
        return filch_failf(cx, -EIO, "%s", child.err);
    return 0;
}

Test(forked, calls_in_a_task)
{
    struct filch_failure why = {.message = ""};
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, call_in_task, NULL);
    cr_assert_eq(filch_future_failure(f, FILCH_FOREVER, &why), 0, "said '%s'",
        why.message);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* A child goes back to where it came from: the parent's worker, which is not
 * there. What became of it goes to *status. */
static int return_in_child(int *status)
{
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        alarm(30);
    else
        MUST(waitpid(pid, status, 0) == pid);
    return 0;
}

static int return_in_task(filch_ctx *cx, void *status, void *result)
{
    (void)cx;
    (void)result;
    return return_in_child(status);
}

static int return_in_worker(filch_ctx *cx, void *status)
{
    (void)cx;
    return return_in_child(status);
}

static struct theft theft;

static int return_in_fork(filch_ctx *cx, void *status)
{
    (void)cx;
    theft_begin(&theft);
    return return_in_child(status);
}

static int have_it_stolen(filch_ctx *cx, void *status)
{
    theft_init(&theft, true);
    filch_fork(&cx, return_in_fork, status);
    theft_await(&theft);
    return filch_join(&cx);
}

/* What the child has inherited, LeakSanitizer takes for lost in it. */
static void expect_end(int status)
{
    cr_assert(WIFEXITED(status) && (TESTS_ASAN || WEXITSTATUS(status) == 0),
        "%#x", (unsigned)status);
}

Test(forked, a_child_that_returns_to_the_worker_ends)
{
    int in_task = -1, in_worker = -1, in_fork = -1;
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit(ex, return_in_task, &in_task)), 0);
    cr_assert_eq(
        filch_for_each_worker(ex, return_in_worker, &in_worker, FILCH_FOREVER),
        0);
    cr_assert_eq(filch_run(ex, have_it_stolen, &in_fork), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    expect_end(in_task);
    expect_end(in_worker);
    expect_end(in_fork);
}

static int write_byte(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)result;
    return write(*(int *)arg, "!", 1) == 1 ? 0 : -EIO;
}

/* What is queued behind it is run by the parent, and only by it. */
Test(forked, in_a_task)
{
    enum { QUEUED = 5 };
    int fds[2];
    char bytes[100];
    cr_assert_eq(pipe(fds), 0);
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_future *held = occupy(ex, &gate);
    filch_future *f = filch_submit(ex, fork_in_task, NULL);
    for (int i = 0; i < QUEUED; i++)
        filch_future_release(filch_submit(ex, write_byte, &fds[1]));
    gate_pass(&gate, 1);
    cr_assert_eq(settle(held), 0);
    cr_assert_eq(settle(f), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(read(fds[0], bytes, sizeof bytes), QUEUED);
}

static atomic_int is_over;

static void *submit_without_end(void *ex)
{
    while (!atomic_load(&is_over)) {
        filch_future *f = filch_submit(ex, nothing, NULL);
        struct filch_map_spec spec = {.in = "abc", .in_stride = 1, .count = 3};
        MUST(filch_map(ex, nothing, &spec) == 0);
        MUST(settle(f) == 0);
        open_own(NULL);
    }
    return NULL;
}

/* No child inherits a lock that nobody will open. */
Test(forked, while_other_threads_work)
{
    /* A child hangs in malloc() there, without filch as well: the locks of
     * the sanitizer's allocator are not reset by fork() until LLVM 18. */
    if (TESTS_ASAN)
        cr_skip_test("AddressSanitizer's allocator does not survive fork()");
    pthread_t threads[2];
    filch_executor *ex = open_pool(2);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, submit_without_end, ex), 0);
    for (int i = 0; i < 50; i++) {
        struct child child;
        run_child(&child, open_own, NULL);
        cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0,
            "%d: status %#x", i, (unsigned)child.status);
    }
    atomic_store(&is_over, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int use_default(void *ex)
{
    EXPECT(settle(filch_submit(ex, nothing, NULL)), FILCH_EFORKED);
    return 0;
}

Test(forked, the_default_executor)
{
    struct child child;
    filch_executor *ex = filch_default();
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    run_child(&child, use_default, ex);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0,
        "status %#x, said '%s'", (unsigned)child.status, child.err);
}

struct pledge {
    filch_promise *p;
    filch_future *f, *derived, *whole;
};

static int use_pledge(void *arg)
{
    struct pledge *l = arg;
    filch_future *g = l->f;
    EXPECT(filch_promise_start(l->p), FILCH_EFORKED);
    EXPECT(filch_promise_set(l->p, NULL, 0), FILCH_EFORKED);
    EXPECT(filch_promise_fail(l->p, -EIO, "in the child"), FILCH_EFORKED);
    EXPECT(outcome(l->f), FILCH_EFORKED);
    EXPECT(outcome(l->derived), FILCH_EFORKED);
    EXPECT(filch_future_cancel(l->whole), FILCH_EFORKED);
    EXPECT(filch_then(&g, l->f, NULL, NULL, NULL, NULL), FILCH_EFORKED);
    EXPECT(filch_all(&g, &l->f, 1), FILCH_EFORKED);
    filch_promise_close(l->p);
    filch_future_release(l->f);
    return 0;
}

static void forks_with_pledge(filch_executor *ex)
{
    struct child child;
    struct pledge l;
    cr_assert_eq(filch_promise_open(&l.p, &l.f, ex), 0);
    cr_assert_eq(filch_then(&l.derived, l.f, NULL, NULL, NULL, NULL), 0);
    cr_assert_eq(filch_all(&l.whole, &l.derived, 1), 0);
    run_child(&child, use_pledge, &l);
    cr_assert(WIFEXITED(child.status) && WEXITSTATUS(child.status) == 0,
        "status %#x, said '%s'", (unsigned)child.status, child.err);
    cr_assert_eq(filch_promise_set(l.p, NULL, 0), 0);
    filch_promise_close(l.p);
    cr_assert_eq(settle(l.f), 0);
    cr_assert_eq(settle(l.derived), 0);
    cr_assert_eq(settle(l.whole), 0);
}

Test(forked, promises_and_what_is_derived)
{
    filch_executor *ex = open_pool(1);
    forks_with_pledge(ex);
    forks_with_pledge(NULL);
    cr_assert_eq(filch_executor_close(ex), 0);
}
