/* SPDX-License-Identifier: MIT */
/* Stacks: what fits, and what a program says that dies of one. */
#include "../../support/child.h"
#include "../../support/pool.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

TestSuite(overflow, .timeout = 120);

enum { STACK_BYTES = 256 << 10, DEFAULT_BYTES = 32 << 20, FORKS = 100000 };

/* AddressSanitizer handles SIGSEGV itself, and the library leaves it alone. */
#define SKIP_IF_HANDLED()                                                      \
    if (TESTS_ASAN)                                                            \
    cr_skip_test("AddressSanitizer handles SIGSEGV")

static volatile int bottom = -1; /* never reached */

__attribute__((noinline)) static int dig(int depth)
{
    volatile int here = depth;
    if (depth == bottom)
        return 0;
    return dig(depth + 1) + here;
}

__attribute__((noinline)) static int dig_in_leaps(int depth)
{
    volatile char untouched[512 << 10];
    untouched[0] = (char)depth;
    if (depth == bottom)
        return 0;
    return dig_in_leaps(depth + 1) + untouched[0];
}

static int overflow(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return dig(1);
}

static int overflow_in_leaps(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    return dig_in_leaps(1);
}

static int touch_null(filch_ctx *cx, void *arg, void *result)
{
    static int *volatile nowhere;
    (void)cx;
    (void)arg;
    (void)result;
    return *nowhere;
}

/* In a child. The test's own process may handle SIGSEGV. */
static filch_executor *open_mill(int workers, size_t stack_bytes)
{
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    return open_with((struct filch_config){
        .name = "mill", .workers = workers, .stack_bytes = stack_bytes});
}

static void expect_death(const struct child *child)
{
    cr_assert(WIFSIGNALED(child->status), "status %#x: %s",
        (unsigned)child->status, child->err);
    cr_assert_eq(WTERMSIG(child->status), SIGSEGV);
}

/* The whole of standard error: it begins and ends so. */
static void expect_line(
    const struct child *child, const char *begin, const char *end)
{
    const char *line = child->err;
    expect_death(child);
    cr_assert_eq(strncmp(line, begin, strlen(begin)), 0, "%s", line);
    cr_assert_gt(strlen(line), strlen(end));
    cr_assert_str_eq(line + strlen(line) - strlen(end), end);
    cr_assert_eq(strchr(line, '\n'), line + strlen(line) - 1, "%s", line);
}

static int run_overflow(void *arg)
{
    const size_t *stack_bytes = arg;
    return settle(filch_submit(open_mill(1, *stack_bytes), overflow, NULL));
}

Test(overflow, worker_task_place_and_size_are_said)
{
    static const size_t sizes[] = {0, 1, 16 << 10, 100001, STACK_BYTES};
    SKIP_IF_HANDLED();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct child child;
        char end[64];
        size_t bytes = sizes[i];
        run_child(&child, run_overflow, &bytes);
        snprintf(end, sizeof end, "): stack_bytes is %zu\n",
            bytes ? bytes : DEFAULT_BYTES);
        expect_line(&child,
            "filch: worker mill_0: stack overflow in task overflow (", end);
        cr_assert_neq(strstr(child.err, "overflow.c:"), NULL);
    }
}

static int run_leaps(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    (void)arg;
    return settle(filch_submit(ex, overflow_in_leaps, NULL));
}

/* result: the bytes of the worker's guard. */
static int measure_guard(filch_ctx *cx, void *arg, void *result)
{
    pthread_attr_t attributes;
    (void)cx;
    (void)arg;
    MUST(pthread_getattr_np(pthread_self(), &attributes) == 0);
    MUST(pthread_attr_getguardsize(&attributes, result) == 0);
    MUST(pthread_attr_destroy(&attributes) == 0);
    return 0;
}

Test(overflow, a_guard_of_a_mebibyte)
{
    filch_executor *ex = open_pool(1);
    filch_future *f = filch_submit(ex, measure_guard, NULL);
    size_t bytes = 0;
    cr_assert_eq(
        filch_future_result(f, FILCH_FOREVER, &bytes, sizeof bytes), 0);
    cr_assert_eq(bytes, 1 << 20);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(overflow, frames_of_half_a_mebibyte_meet_the_guard)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_leaps, NULL);
    expect_line(&child, "filch: worker mill_0: stack overflow in task ",
        "stack_bytes is 262144\n");
}

static int run_named(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    struct filch_submit_options options = {.name = arg};
    filch_future *f;
    MUST(filch_submit_with(&f, ex, overflow, NULL, &options) == 0);
    return settle(f);
}

Test(overflow, a_long_name_is_cut)
{
    struct child child;
    char name[5000];
    SKIP_IF_HANDLED();
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    run_child(&child, run_named, name);
    expect_line(&child,
        "filch: worker mill_0: stack overflow in task xxxxxxxxxx",
        "): stack_bytes is 262144\n");
}

static int run_placeless(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    return settle(filch_submit_call(
        ex, (filch_any_fn)overflow, "digger\0", FILCH_FN_TASK, arg));
}

Test(overflow, a_task_without_a_place)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_placeless, NULL);
    expect_line(&child,
        "filch: worker mill_0: stack overflow in task digger: stack_bytes",
        "is 262144\n");
}

static struct theft theft;

FILCH_TASK(int, forked_dig, pthread_t, forker, int, depth)
{
    theft_begin(&theft);
    MUST(!pthread_equal(forker, pthread_self()) == theft.is_wanted);
    return dig(depth);
}

FILCH_TASK(int, fork_dig, int, depth)
{
    forked_dig_fork(&cx, pthread_self(), depth);
    theft_await(&theft);
    return forked_dig_join(&cx);
}

static int run_forks(void *arg)
{
    const bool *is_stolen = arg;
    int result;
    theft_init(&theft, *is_stolen);
    return fork_dig_run(open_mill(1 + *is_stolen, STACK_BYTES), &result, 1);
}

/* The task is the one that forked. */
Test(overflow, a_fork)
{
    struct child child;
    bool is_stolen = false;
    SKIP_IF_HANDLED();
    run_child(&child, run_forks, &is_stolen);
    expect_line(&child,
        "filch: worker mill_0: stack overflow in task fork_dig (",
        "stack_bytes is 262144\n");
    is_stolen = true; /* by either worker */
    run_child(&child, run_forks, &is_stolen);
    expect_line(&child, "filch: worker mill_", "stack_bytes is 262144\n");
    cr_assert_neq(
        strstr(child.err, ": stack overflow in task fork_dig ("), NULL);
}

static int overflow_at_start(filch_ctx *cx, void *data)
{
    (void)cx;
    return dig(*(int *)data);
}

static int run_start_hook(void *arg)
{
    int depth = 1;
    (void)arg;
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    filch_executor *ex = open_with((struct filch_config){.name = "mill",
        .workers = 1,
        .stack_bytes = STACK_BYTES,
        .on_start = overflow_at_start,
        .data = &depth});
    return settle(filch_submit(ex, nothing, NULL));
}

Test(overflow, a_hook_has_no_task)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_start_hook, NULL);
    cr_assert_str_eq(child.err, "filch: worker mill_0: stack overflow: "
                                "stack_bytes is 262144\n");
    expect_death(&child);
}

/* Overflows in a child of the worker, which dies for it. */
static int fork_and_overflow(filch_ctx *cx, void *arg, void *result)
{
    int status;
    (void)cx;
    (void)arg;
    (void)result;
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0)
        _exit(dig(1));
    MUST(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : -EIO;
}

static int run_child_of_worker(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    (void)arg;
    return settle(filch_submit(ex, fork_and_overflow, NULL)) == 0 ? 0 : 3;
}

Test(overflow, a_child_of_a_worker)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_child_of_worker, NULL);
    cr_assert_eq(child.status, 0, "%#x", (unsigned)child.status);
    cr_assert_str_eq(child.err, "filch: worker mill_0: stack overflow\n");
}

static int run_null(void *arg)
{
    (void)arg;
    return settle(filch_submit(open_mill(1, 0), touch_null, NULL));
}

static int run_null_outside(void *arg)
{
    MUST(settle(filch_submit(open_mill(1, 0), nothing, NULL)) == 0);
    return touch_null(NULL, arg, NULL);
}

static int run_kill(void *arg)
{
    (void)arg;
    MUST(settle(filch_submit(open_mill(1, 0), nothing, NULL)) == 0);
    MUST(kill(getpid(), SIGSEGV) == 0);
    return 3;
}

Test(overflow, other_faults_end_as_ever)
{
    static int (*const bodies[])(void *) = {
        run_null, run_null_outside, run_kill};
    SKIP_IF_HANDLED();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct child child;
        run_child(&child, bodies[i], NULL);
        expect_death(&child);
        cr_assert_str_eq(child.err, "");
    }
}

/* result: whether the worker has an alternate stack, an int. */
static int look_for_stack(filch_ctx *cx, void *arg, void *result)
{
    stack_t now;
    (void)cx;
    (void)arg;
    MUST(sigaltstack(NULL, &now) == 0);
    *(int *)result = !(now.ss_flags & SS_DISABLE);
    return 0;
}

static bool has_stack(filch_executor *ex)
{
    filch_future *f = filch_submit(ex, look_for_stack, NULL);
    int has = int_result(f);
    filch_future_release(f);
    return has;
}

static void say(const char *text)
{
    MUST(write(STDERR_FILENO, text, strlen(text)) == (ssize_t)strlen(text));
}

static void say_and_exit(int number)
{
    (void)number;
    say("mine\n");
    _exit(7);
}

static int run_handled(void *arg)
{
    filch_executor *ex = open_mill(1, 0);
    struct sigaction now;
    (void)arg;
    MUST(signal(SIGSEGV, say_and_exit) == SIG_DFL);
    MUST(!has_stack(ex));
    MUST(sigaction(SIGSEGV, NULL, &now) == 0);
    MUST(now.sa_handler == say_and_exit);
    return settle(filch_submit(ex, touch_null, NULL));
}

Test(overflow, an_earlier_handler_is_left_alone)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_handled, NULL);
    cr_assert(WIFEXITED(child.status));
    cr_assert_eq(WEXITSTATUS(child.status), 7);
    cr_assert_str_eq(child.err, "mine\n");
}

static int run_ignored(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    (void)arg;
    MUST(signal(SIGSEGV, SIG_IGN) == SIG_DFL);
    MUST(!has_stack(ex));
    MUST(signal(SIGSEGV, SIG_IGN) == SIG_IGN);
    return settle(filch_submit(ex, overflow, NULL));
}

/* This is how to turn it off. */
Test(overflow, nothing_is_said_if_the_signal_was_ignored)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_ignored, NULL);
    expect_death(&child);
    cr_assert_str_eq(child.err, "");
}

static struct sigaction replaced;

static void chain(int number, siginfo_t *info, void *context)
{
    say("chained, ");
    replaced.sa_sigaction(number, info, context);
}

static int run_chained(void *arg)
{
    filch_executor *ex = open_mill(1, STACK_BYTES);
    struct sigaction action = {
        .sa_sigaction = chain, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    MUST(has_stack(ex));
    MUST(sigaction(SIGSEGV, &action, &replaced) == 0);
    MUST(replaced.sa_flags & SA_SIGINFO);
    return settle(filch_submit(ex, arg ? touch_null : overflow, NULL));
}

Test(overflow, a_later_handler_may_call_ours)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_chained, NULL);
    expect_line(&child, "chained, filch: worker mill_0: stack overflow in task",
        "stack_bytes is 262144\n");
    run_child(&child, run_chained, &child);
    expect_death(&child);
    cr_assert_str_eq(child.err, "chained, ");
}

/* At the thread's end it is still there. */
static void expect_own_stack(void *stack)
{
    const stack_t *own = stack;
    stack_t now;
    MUST(sigaltstack(NULL, &now) == 0);
    MUST(now.ss_sp == own->ss_sp);
}

static int set_own_stack(filch_ctx *cx, void *data)
{
    pthread_key_t at_end;
    (void)cx;
    MUST(sigaltstack(data, NULL) == 0);
    MUST(pthread_key_create(&at_end, expect_own_stack) == 0);
    MUST(pthread_setspecific(at_end, data) == 0);
    return 0;
}

static int run_with_own_stack(void *arg)
{
    static char own[64 << 10];
    stack_t stack = {.ss_sp = own, .ss_size = sizeof own};
    struct filch_config config = {.name = "mill",
        .workers = 1,
        .stack_bytes = STACK_BYTES,
        .on_start = set_own_stack,
        .data = &stack};
    (void)arg;
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    filch_executor *ex = open_with(config);
    MUST(has_stack(ex));
    MUST(filch_executor_close(ex) == 0);
    return settle(filch_submit(open_with(config), overflow, NULL));
}

Test(overflow, a_hook_may_set_another_alternate_stack)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_with_own_stack, NULL);
    expect_line(&child, "filch: worker mill_0: stack overflow in task overflow",
        "stack_bytes is 262144\n");
}

static int count_maps(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int lines = 0;
    MUST(maps != NULL);
    for (int c = getc(maps); c != EOF; c = getc(maps))
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static void open_and_close(int times)
{
    for (int i = 0; i < times; i++) {
        filch_executor *ex = open_with(
            (struct filch_config){.workers = 1, .stack_bytes = STACK_BYTES});
        MUST(has_stack(ex));
        MUST(filch_executor_close(ex) == 0);
    }
}

static int run_many(void *arg)
{
    (void)arg;
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    open_and_close(20);
    int before = count_maps();
    open_and_close(200);
    MUST(count_maps() < before + 100);
    return 0;
}

Test(overflow, alternate_stacks_are_unmapped)
{
    struct child child;
    SKIP_IF_HANDLED();
    run_child(&child, run_many, NULL);
    cr_assert_eq(child.status, 0, "%s", child.err);
}

/* One fork on each level, whose join is the next level. */
FILCH_TASK(long, descend, long, depth)
{
    if (depth == 0)
        return 0;
    descend_fork(&cx, depth - 1);
    return descend_join(&cx) + 1;
}

/* The next level is a plain call beside a fork. */
FILCH_TASK(long, descend_beside, long, depth)
{
    if (depth == 0)
        return 0;
    descend_beside_fork(&cx, 0);
    long below = descend_beside(cx, depth - 1);
    return descend_beside_join(&cx) + below + 1;
}

/* filch_fork() and filch_join(), with a frame in each level. */
static int descend_untyped(filch_ctx *cx, void *frame)
{
    const int depth = *(int *)frame;
    int next = depth - 1;
    if (depth == 0)
        return 0;
    filch_fork(&cx, descend_untyped, &next);
    return filch_join(&cx) + 1;
}

Test(overflow, the_default_fits_a_hundred_thousand_forks)
{
    if (TESTS_ASAN)
        cr_skip_test("AddressSanitizer's frames are several times as large");
    for (int workers = 1; workers <= 2; workers++) {
        filch_executor *ex = open_pool(workers);
        int depth = FORKS;
        long result = 0;
        cr_assert_eq(descend_run(ex, &result, depth), 0);
        cr_assert_eq(result, depth);
        cr_assert_eq(descend_beside_run(ex, &result, depth), 0);
        cr_assert_eq(result, depth);
        cr_assert_eq(filch_run(ex, descend_untyped, &depth), depth);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
