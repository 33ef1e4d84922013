/* SPDX-License-Identifier: MIT */
/* What cannot be reported to the caller ends the program, and says which
 * function it was. */
#include "../../support/child.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(misuse, .timeout = 120);

static void expect(int (*commit)(void *arg), const char *said)
{
    struct child child;
    run_child(&child, commit, NULL);
    cr_assert(WIFSIGNALED(child.status), "status %#x, said '%s'",
        (unsigned)child.status, child.err);
    cr_assert_eq(WTERMSIG(child.status), SIGABRT);
    cr_assert_eq(strncmp(child.err, "filch: ", 7), 0, "%s", child.err);
    cr_assert_not_null(strstr(child.err, said), "said '%s'", child.err);
    cr_assert_eq(strchr(child.err, '\n'), child.err + strlen(child.err) - 1);
}

static int leave_again(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    filch_blocking {
        break;
    }
    filch_blocking_leave();
    return 0;
}

static int leave_without_enter(void *arg)
{
    (void)arg;
    return settle(filch_submit(open_pool(1), leave_again, NULL));
}

Test(misuse, a_blocking_section_that_was_not_entered)
{
    expect(leave_without_enter, "filch_blocking_leave: misuse");
}

static int stop_outside(void *arg)
{
    return filch_stopping(arg);
}

static int fail_outside(void *arg)
{
    return filch_failf(arg, -EIO, "nobody fails");
}

Test(misuse, a_task_is_asked_for_where_there_is_none)
{
    expect(stop_outside, "misuse");
    expect(fail_outside, "misuse");
}

static int never(filch_ctx *cx, void *frame)
{
    (void)cx;
    return *(int *)frame;
}

/* A position that nobody has given: in a region of zeroes. */
static filch_ctx *nowhere(void)
{
    char *region = aligned_alloc(FILCH_FORK_REGION, FILCH_FORK_REGION);
    MUST(region != NULL);
    memset(region, 0, FILCH_FORK_REGION);
    return (filch_ctx *)(void *)(region + FILCH_FORK_REGION / 2);
}

static int fork_outside(void *arg)
{
    filch_ctx *cx = nowhere();
    filch_fork(&cx, never, arg);
    return 0;
}

static int join_outside(void *arg)
{
    filch_ctx *cx = nowhere();
    (void)arg;
    filch_fork_region_of(cx)->guard = UINTPTR_MAX;
    return filch_join(&cx);
}

Test(misuse, forks_outside_of_tasks)
{
    expect(fork_outside, "filch_fork_slow: misuse");
    expect(join_outside, "filch_join_slow: misuse");
}

/* Forks until there is no more room for one: those that follow run at once,
 * and are joined first. */
static int confuse_in_place(filch_ctx *cx, void *frame)
{
    static int forks;
    char *first = (char *)cx;
    int one = 1;
    (void)frame;
    do {
        filch_fork(&cx, never, &one);
        forks++;
    } while ((char *)cx == first + (size_t)forks * FILCH_FORK_ALIGN);
    static const struct filch_fork_type other = {NULL, "other\0", 64};
    filch_join_slow(cx, &other);
    return 0;
}

static int join_another_in_place(void *arg)
{
    (void)arg;
    return filch_run(open_pool(1), confuse_in_place, NULL);
}

Test(misuse, a_join_of_another_task_without_room)
{
    expect(join_another_in_place, "in other: the fork of (fork)");
}

/* A task with a long name. */
static const struct filch_fork_type *lengthy(void)
{
    static char name[500];
    static const struct filch_fork_type type = {NULL, name, 64};
    memset(name, 'x', sizeof name - 2);
    return &type;
}

static int complain_at_length(void *arg)
{
    struct filch_fork_record record = {.type = lengthy()};
    (void)arg;
    filch_fork_unjoined(lengthy(), &record);
}

static int fail_at_length(void *arg)
{
    (void)arg;
    filch_fork_failed(lengthy());
}

static int complain_of_nothing(void *arg)
{
    static const struct filch_fork_record none;
    static const struct filch_fork_type type = {NULL, "joiner\0", 64};
    (void)arg;
    filch_fork_unjoined(&type, &none);
}

/* A join too many finds zeroes. */
Test(misuse, what_is_said_of_joins)
{
    expect(complain_of_nothing, "in joiner: the fork of (?)");
    expect(complain_at_length, "xxx) has not been joined\n");
}

Test(misuse, what_is_said_of_memory)
{
    expect(fail_at_length, "xxx: misuse, not true: there is memory");
}
