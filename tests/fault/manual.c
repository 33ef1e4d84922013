/* SPDX-License-Identifier: MIT */
/* Executors without threads, and what is for tests besides, with faults. */
#include "scenario.h"

enum { TASKS = 6 };

static struct record reports = RECORD_INIT;
static int starts, stops;

static int count_start(filch_ctx *cx, void *data)
{
    (void)cx;
    (void)data;
    starts++;
    return 0;
}

static void count_stop(filch_ctx *cx, void *data)
{
    (void)cx;
    (void)data;
    stops++;
}

static filch_executor *open_hooked(enum filch_backend backend)
{
    filch_executor *ex;
    starts = stops = 0;
    int rc = filch_executor_open(&ex, &(struct filch_config){.backend = backend,
                                          .on_start = count_start,
                                          .on_stop = count_stop,
                                          .on_unobserved = record,
                                          .data = &reports});
    MUST(rc == 0 || rc == -ENOMEM);
    return ex;
}

/* How many of them ran. */
static int count_done(filch_future **fs)
{
    int done = 0;
    for (int i = 0; i < TASKS; i++) {
        int rc = settle(fs[i]);
        MUST(rc == 0 || is_lack(rc));
        done += rc == 0;
    }
    return done;
}

static int count_forks(filch_ctx *cx, void *arg)
{
    (void)cx;
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

/* No wait hangs, even if there is no stack of forks for the task. */
void manual(arm_fault *arm)
{
    filch_future *fs[TASKS];
    filch_completion_queue *cq = NULL;
    atomic_int runs = 0;
    arm();
    filch_executor *ex = open_hooked(FILCH_MANUAL);
    if (!ex)
        return;
    for (int i = 0; i < TASKS; i++)
        fs[i] = filch_submit(ex, bump, &runs);
    int rc = filch_step(ex);
    MUST(rc >= 0 || rc == -ENOMEM);
    (void)outcome(fs[1]);
    rc = filch_wait(fs + 2, 2, FILCH_FIRST, FILCH_FOREVER, NULL);
    MUST(rc > 0 || rc == -ENOMEM);
    if (filch_completion_queue_open(&cq) == 0 &&
        filch_completion_queue_add(cq, fs[4], NULL) == 0)
        MUST(filch_completion_queue_next(cq, FILCH_FOREVER, NULL, NULL) == 1);
    filch_completion_queue_close(cq);
    int ran = filch_run(ex, count_forks, &runs);
    MUST(ran == 0 || is_lack(ran));
    MUST(filch_executor_close(ex) == 0);
    fault_pause();
    MUST(count_done(fs) + (ran == 0) == atomic_load(&runs));
    MUST(starts == stops);
}

void in_line(arm_fault *arm)
{
    filch_future *fs[TASKS];
    atomic_int runs = 0;
    arm();
    filch_executor *ex = open_hooked(FILCH_INLINE);
    if (!ex)
        return;
    fs[0] = filch_submit(ex, bump, &runs);
    int rc = filch_submit_many(fs + 1, ex, bump, &runs, 0, TASKS - 1, NULL);
    MUST(rc == 0 || is_lack(rc));
    MUST(filch_executor_close(ex) == 0);
    fault_pause();
    MUST(count_done(fs) == atomic_load(&runs));
    MUST(starts == stops);
}

static void forget(void *data, const struct filch_leak *leak)
{
    MUST(leak->task != NULL);
    ++*(int *)data;
}

void leaks(arm_fault *arm)
{
    filch_future *fs[100];
    int told = 0;
    filch_executor *ex = open_quiet();
    for (int i = 0; i < 100; i++)
        MUST(outcome(fs[i] = filch_submit(ex, nothing, NULL)) == 0);
    arm();
    int rc = filch_report_leaks(ex, forget, &told);
    fault_pause();
    MUST(rc == -ENOMEM ? told == 0 : rc == 100 && told == 100);
    for (int i = 0; i < 100; i++)
        filch_future_release(fs[i]);
    check_and_close(ex);
}

/* The message is more than the backtrace, and the code is more than both. */
void failure_with_backtrace(arm_fault *arm)
{
    struct filch_failure why;
    MUST(setenv("FILCH_BACKTRACE", "1", 1) == 0);
    filch_executor *ex = open_quiet();
    MUST(unsetenv("FILCH_BACKTRACE") == 0);
    arm();
    filch_future *f = filch_submit(ex, burn, NULL);
    int rc = filch_future_failure(f, FILCH_FOREVER, &why);
    MUST(rc == -EIO || is_lack(rc));
    MUST(!why.backtrace || strcmp(why.message, "disk on fire") == 0);
    fault_pause();
    filch_future_release(f);
    check_and_close(ex);
}
