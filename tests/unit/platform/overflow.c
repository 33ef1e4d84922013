/* SPDX-License-Identifier: MIT */
/* Whose SIGSEGV it is when the library's code goes. (The rest: see
 * ../executor/overflow.c) */
#include "../../support/child.h"

#include "platform/overflow.h"
#include "platform/thread.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(overflow, .timeout = 120);

static void say_nothing(void)
{
}

static void *be_watched(void *arg)
{
    (void)arg;
    fl_overflow_watch(fl_thread_stack_low(), say_nothing);
    fl_overflow_unwatch();
    return NULL;
}

static void watch_one(void)
{
    struct fl_thread thread;
    MUST(signal(SIGSEGV, SIG_DFL) != SIG_ERR);
    MUST(fl_thread_start(&thread, be_watched, NULL, 0) == 0);
    fl_thread_join(&thread);
}

static int forget_ours(void *arg)
{
    struct sigaction now;
    (void)arg;
    watch_one();
    MUST(sigaction(SIGSEGV, NULL, &now) == 0);
    MUST(now.sa_flags & SA_ONSTACK);
    fl_overflow_forget();
    return signal(SIGSEGV, SIG_DFL) == SIG_DFL ? 0 : 3;
}

static void be_later(int number)
{
    (void)number;
}

static int keep_theirs(void *arg)
{
    (void)arg;
    watch_one();
    MUST(signal(SIGSEGV, be_later) != SIG_ERR);
    fl_overflow_forget();
    return signal(SIGSEGV, SIG_DFL) == be_later ? 0 : 3;
}

Test(overflow, at_the_end_ours_goes_and_theirs_stays)
{
    struct child child;
    if (TESTS_ASAN)
        cr_skip_test("AddressSanitizer handles SIGSEGV");
    run_child(&child, forget_ours, NULL);
    cr_assert_eq(child.status, 0, "%s", child.err);
    run_child(&child, keep_theirs, NULL);
    cr_assert_eq(child.status, 0, "%s", child.err);
}
