/* SPDX-License-Identifier: MIT */
/* A join that is missing, or not that of the last fork: the program ends, and
 * says which tasks it was. */
#include "../../support/child.h"
#include "../../support/pool.h"
#include "task/region.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>

TestSuite(fork_misuse, .timeout = 120);

FILCH_TASK(int, right, int, n)
{
    return n;
}

FILCH_TASK(int, wrong, int, n)
{
    return -n;
}

FILCH_VOID_TASK(forgetful, int, n)
{
    right_fork(&cx, n);
    right_fork(&cx, n);
    (void)right_join(&cx);
}

FILCH_TASK(int, after_forgetful, int, n)
{
    right_fork(&cx, n);
    forgetful(cx, n);
    return right_join(&cx);
}

FILCH_VOID_TASK(confused, int, n)
{
    right_fork(&cx, n);
    wrong_fork(&cx, n);
    (void)right_join(&cx);
    (void)wrong_join(&cx);
}

static int forget_nothing(filch_ctx *cx, void *frame)
{
    (void)cx, (void)frame;
    return 0;
}

static int forget_untyped(filch_ctx *cx, void *frame)
{
    filch_fork(&cx, forget_untyped, frame);
    return 0;
}

static int forget_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    wrong_fork(&cx, *(int *)arg);
    return 0;
}

static int confuse_kinds(filch_ctx *cx, void *frame)
{
    right_fork(&cx, *(int *)frame);
    return filch_join(&cx);
}

/* The last one finds no room, and has run at once. */
static int forget_in_place(filch_ctx *cx, void *frame)
{
    const struct fl_region *region = (void *)filch_fork_region_of(cx);
    int forks = 0;
    for (; (char *)cx + FILCH_FORK_ALIGN <= region->end; forks++)
        filch_fork(&cx, forget_nothing, frame);
    filch_ctx *full = cx;
    right_fork(&cx, 1);
    MUST((char *)cx > (char *)full + FILCH_FORK_ALIGN);
    while (forks-- > 0)
        MUST(filch_join(&full) == 0);
    return 0;
}

/* A name of 200 characters. */
#define FORTY "forty_letters_or_so_are_in_this_long_name"
#define FIVE_TIMES(text) text text text text text

static const struct filch_fork_type long_type = {
    NULL, FIVE_TIMES(FORTY) "\0fork_misuse.c:1", FILCH_FORK_ALIGN};

static int forget_long_name(filch_ctx *cx, void *is_at_once)
{
    ((struct filch_fork_record *)(void *)cx)->type = &long_type;
    if (is_at_once)
        filch_fork_check(cx, &long_type);
    return 0;
}

static int one = 1;

static int run_forgetful(void *ex)
{
    return forgetful_run(ex, 1);
}

static int run_after_forgetful(void *ex)
{
    return after_forgetful_run(ex, NULL, 1);
}

static int run_confused(void *ex)
{
    return confused_run(ex, 1);
}

static int run_forget_untyped(void *ex)
{
    return filch_run(ex, forget_untyped, NULL);
}

static int run_forget_in_task(void *ex)
{
    return settle(filch_submit(ex, forget_in_task, &one));
}

static int run_forget_in_place(void *ex)
{
    return filch_run(ex, forget_in_place, NULL);
}

static int run_forget_long_name(void *ex)
{
    return filch_run(ex, forget_long_name, NULL);
}

static int run_forget_long_name_at_once(void *ex)
{
    return filch_run(ex, forget_long_name, ex);
}

static int run_confuse_kinds(void *ex)
{
    return filch_run(ex, confuse_kinds, &one);
}

/* What happens in the child: workers, and what is run. */
struct misuse {
    int workers;
    int (*run)(void *ex);
};

static int commit(void *arg)
{
    const struct misuse *misuse = arg;
    filch_executor *ex = open_pool(misuse->workers);
    (void)misuse->run(ex);
    (void)filch_executor_close(ex);
    return 0;
}

/* On one worker nothing is stolen; on two, the first fork has been offered. */
static void expect(int (*run)(void *ex), const char *first, const char *second)
{
    for (int workers = 1; workers <= 2; workers++) {
        struct child child;
        run_child(&child, commit, &(struct misuse){workers, run});
        cr_assert(WIFSIGNALED(child.status), "status %#x, said '%s'",
            (unsigned)child.status, child.err);
        cr_assert_eq(WTERMSIG(child.status), SIGABRT);
        cr_assert_not_null(strstr(child.err, first), "said '%s'", child.err);
        cr_assert_not_null(strstr(child.err, second), "said '%s'", child.err);
        cr_assert_not_null(strstr(child.err, "has not been joined"));
    }
}

Test(fork_misuse, a_forgotten_join)
{
    expect(run_forget_in_task, "a fork of", "(wrong)");
    expect(run_forget_untyped, "a fork of", "(fork)");
}

Test(fork_misuse, a_forgotten_join_of_a_fork_without_room)
{
    expect(run_forget_in_place, "a fork of", "(right)");
}

Test(fork_misuse, a_long_name)
{
    expect(
        run_forget_long_name, "filch: a fork of (" FORTY, "not been joined\n");
    expect(
        run_forget_long_name_at_once, "filch: in " FORTY, "not been joined\n");
}

/* The tests are built with the checks of a debug build. */
Test(fork_misuse, a_forgotten_join_in_a_typed_task)
{
    expect(run_forgetful, "fork of", "(right)");
    expect(run_after_forgetful, "in forgetful: the fork of", "(right)");
}

/* It may show at the join after that. */
Test(fork_misuse, a_join_of_another_task)
{
    expect(run_confused, "right", "wrong");
    expect(run_confuse_kinds, "fork:", "(right)");
}
