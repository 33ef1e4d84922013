/* SPDX-License-Identifier: MIT */
/* filch_report_leaks: what has not ended, and what has not been released. */
#include "../../support/child.h"
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>

TestSuite(leaks, .timeout = 120);

enum { MOST = 64 };

struct report {
    int count;
    struct filch_leak leaks[MOST];
};

static void add(void *data, const struct filch_leak *leak)
{
    struct report *report = data;
    MUST(report->count < MOST);
    report->leaks[report->count++] = *leak;
}

static const struct filch_leak *find(
    const struct report *report, const char *task)
{
    for (int i = 0; i < report->count; i++)
        if (strcmp(report->leaks[i].task, task) == 0)
            return &report->leaks[i];
    return NULL;
}

static struct report look(filch_executor *ex)
{
    struct report report = {.count = 0};
    cr_assert_eq(filch_report_leaks(ex, add, &report), report.count);
    return report;
}

Test(leaks, none)
{
    filch_executor *ex = open_pool(2);
    cr_assert_eq(filch_report_leaks(ex, NULL, NULL), 0);
    for (int i = 0; i < 300; i++)
        cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    cr_assert_eq(look(ex).count, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(look(NULL).count, 0);
}

Test(leaks, each_state_with_name_place_and_references)
{
    struct gate gate;
    filch_executor *ex = open_pool(1);
    gate_init(&gate);
    filch_future *done = filch_submit(ex, nothing, NULL);
    filch_future *failed = filch_submit(ex, burn, NULL);
    cr_assert_eq(outcome(done), 0);
    cr_assert_eq(outcome(failed), -EIO);
    filch_future *running = occupy(ex, &gate);
    cr_assert_eq(filch_submit_with(NULL, ex, nothing, NULL,
                     &(struct filch_submit_options){.name = "forsaken"}),
        0);
    filch_future *cancelled = filch_submit(ex, bump, NULL);
    cr_assert_eq(filch_future_cancel(cancelled), 1);
    filch_future_retain(done);
    struct report report = look(ex);
    cr_assert_eq(report.count, 5);
    cr_assert_eq(find(&report, "nothing")->state, FILCH_DONE);
    cr_assert_eq(find(&report, "nothing")->references, 2);
    cr_assert_neq(strstr(find(&report, "nothing")->where, "leaks.c:"), NULL);
    cr_assert_eq(find(&report, "burn")->state, FILCH_FAILED);
    cr_assert_eq(find(&report, "burn")->references, 1);
    cr_assert_eq(find(&report, "stand")->state, FILCH_RUNNING);
    cr_assert_eq(find(&report, "stand")->references, 1);
    cr_assert_eq(find(&report, "forsaken")->state, FILCH_PENDING);
    cr_assert_eq(find(&report, "forsaken")->references, 0);
    cr_assert_eq(find(&report, "bump")->state, FILCH_CANCELLED);
    cr_assert_eq(find(&report, "bump")->references, 1, "without the queue's");
    gate_pass(&gate, 1);
    cr_assert_eq(settle(running), 0);
    filch_future_release(done);
    filch_future_release(done);
    filch_future_release(failed);
    filch_future_release(cancelled);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int submit_children(filch_ctx *cx, void *arg, void *result)
{
    filch_future **fs = arg;
    (void)result;
    for (int i = 0; i < 20; i++)
        fs[i] = filch_submit(filch_ctx_executor(cx), nothing, NULL);
    return outcome(fs[5]);
}

/* From the worker's slab, and claimed in the middle of its deque. */
Test(leaks, of_a_task)
{
    filch_future *fs[20];
    filch_executor *ex = open_pool(1);
    cr_assert_eq(settle(filch_submit(ex, submit_children, fs)), 0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(look(ex).count, 20);
    for (int i = 1; i < 20; i++)
        filch_future_release(fs[i]);
    cr_assert_eq(look(ex).count, 1);
    cr_assert_eq(filch_executor_close(ex), 0);
    cr_assert_eq(look(NULL).count, 1, "it outlives its executor");
    filch_future_release(fs[0]);
    cr_assert_eq(look(NULL).count, 0);
}

Test(leaks, what_a_wait_or_a_cancel_left_in_the_queue)
{
    atomic_int runs = 0;
    filch_executor *ex =
        open_with((struct filch_config){.backend = FILCH_MANUAL});
    filch_future *first = filch_submit(ex, nothing, NULL);
    filch_future *waited = filch_submit(ex, bump, &runs);
    filch_future *cancelled = filch_submit(ex, burn, NULL);
    cr_assert_eq(settle(waited), 0);
    cr_assert_eq(filch_future_cancel(cancelled), 1);
    struct report report = look(ex);
    cr_assert_eq(report.count, 2);
    cr_assert_eq(find(&report, "burn")->references, 1);
    cr_assert_eq(find(&report, "nothing")->state, FILCH_PENDING);
    filch_future_release(cancelled);
    filch_future_release(first);
    cr_assert_eq(look(ex).count, 1, "it has still to run");
    cr_assert_eq(filch_step_all(ex), 1);
    cr_assert_eq(look(ex).count, 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(leaks, of_one_executor_among_others)
{
    filch_executor *a = open_pool(1), *b = open_pool(1);
    filch_future *f = filch_submit(a, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(look(a).count, 1);
    cr_assert_eq(look(b).count, 0);
    cr_assert_eq(look(NULL).count, 1);
    filch_future_release(f);
    cr_assert_eq(filch_executor_close(a), 0);
    cr_assert_eq(filch_executor_close(b), 0);
}

static int leak_two(void *arg)
{
    (void)arg;
    filch_executor *ex = open_pool(1);
    MUST(outcome(filch_submit(ex, nothing, NULL)) == 0);
    MUST(filch_executor_close(ex) == 0);
    ex = open_with((struct filch_config){.backend = FILCH_MANUAL});
    filch_future_release(filch_submit(ex, burn, NULL));
    exit(0);
}

/* A sanitizer may complain of the same. */
static int count_reports(const char *text)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, "filch: ")); at++)
        count++;
    return count;
}

Test(leaks, at_the_end_of_the_process_if_asked)
{
    struct child child;
    MUST(unsetenv("FILCH_LEAKS") == 0);
    run_child(&child, leak_two, NULL);
    cr_assert_eq(count_reports(child.err), 0);
    MUST(setenv("FILCH_LEAKS", "1", 1) == 0);
    run_child(&child, leak_two, NULL);
    cr_assert_eq(count_reports(child.err), 2, "%s", child.err);
    cr_assert_neq(strstr(child.err,
                      "filch: not released: nothing: done, references: 1 ("),
        NULL);
    cr_assert_neq(strstr(child.err, "burn: pending, references: 0 ("), NULL);
}
