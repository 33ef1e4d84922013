/* SPDX-License-Identifier: MIT */
/* Opening, submitting in each way, and closing, with faults. */
#include "scenario.h"

enum { MANY = 300, BIG = 5000 };

void open_close(arm_fault *arm)
{
    struct filch_config config = {.workers = 2, .name = "faulty"};
    filch_executor *ex = (filch_executor *)(uintptr_t)16;
    arm();
    int rc = filch_executor_open(&ex, &config);
    fault_pause();
    MUST(rc == 0 || rc == -ENOMEM);
    MUST(rc == 0 || ex == NULL);
    if (rc == 0)
        MUST(filch_executor_close(ex) == 0);
}

/* Armed until the outcome is there: the worker is part of it. */
void submit(arm_fault *arm)
{
    atomic_int ran = 0;
    filch_executor *ex = open_quiet();
    arm();
    filch_future *f = filch_submit(ex, bump, &ran);
    MUST(f != NULL);
    int rc = settle(f);
    MUST(rc == 0 || is_lack(rc));
    MUST(atomic_load(&ran) == (rc == 0));
    fault_pause();
    check_and_close(ex);
}

static atomic_int destroyed;

static void destroy(void *arg)
{
    (void)arg;
    atomic_fetch_add(&destroyed, 1);
}

static void submit_copy(filch_executor *ex, size_t bytes)
{
    char arg[BIG] = {0};
    filch_future *f = NULL;
    struct filch_submit_options owned = {
        .arg_bytes = bytes, .arg_destroy = destroy};
    int rc = filch_submit_with(&f, ex, nothing, arg, &owned);
    MUST((rc == 0) == (f != NULL));
    if (rc == 0)
        rc = settle(f);
    MUST(rc == 0 || is_lack(rc));
}

void submit_copies(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    atomic_store(&destroyed, 0);
    arm();
    submit_copy(ex, FILCH_ARG_INLINE);
    submit_copy(ex, FILCH_ARG_INLINE + 1);
    submit_copy(ex, BIG);
    fault_pause();
    check_and_close(ex);
    MUST(atomic_load(&destroyed) == 3);
}

static int settle_many(filch_future **fs, int count)
{
    int done = 0;
    for (int i = 0; i < count; i++) {
        int rc = settle(fs[i]);
        MUST(rc == 0 || is_lack(rc));
        done += rc == 0;
    }
    return done;
}

static atomic_int ran;

static int count_run(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    (void)arg;
    (void)result;
    atomic_fetch_add(&ran, 1);
    return 0;
}

void submit_many(arm_fault *arm)
{
    static filch_future *fs[MANY];
    static char args[MANY][100];
    struct filch_submit_options owned = {
        .arg_bytes = sizeof args[0], .arg_destroy = destroy};
    filch_executor *ex = open_quiet();
    atomic_store(&destroyed, 0);
    atomic_store(&ran, 0);
    arm();
    int rc = filch_submit_many(
        fs, ex, count_run, args, sizeof args[0], MANY, &owned);
    MUST(rc == 0 || is_lack(rc));
    int done = settle_many(fs, MANY);
    fault_pause();
    check_and_close(ex);
    MUST(atomic_load(&ran) == done);
    MUST(atomic_load(&destroyed) == MANY);
}

struct parent {
    filch_future *fs[MANY];
};

/* More children than the deque holds at first. */
static int submit_children(filch_ctx *cx, void *arg, void *result)
{
    struct parent *parent = arg;
    (void)result;
    for (int i = 0; i < MANY; i++)
        parent->fs[i] = filch_submit(filch_ctx_executor(cx), count_run, NULL);
    return 0;
}

void submit_inside(arm_fault *arm)
{
    static struct parent parent;
    memset(&parent, 0, sizeof parent);
    filch_executor *ex = open_quiet();
    atomic_store(&ran, 0);
    arm();
    int rc = settle(filch_submit(ex, submit_children, &parent));
    MUST(rc == 0 || is_lack(rc));
    if (rc == 0)
        MUST(settle_many(parent.fs, MANY) == atomic_load(&ran));
    fault_pause();
    check_and_close(ex);
}

void fail_with_message(arm_fault *arm)
{
    struct filch_failure why;
    filch_executor *ex = open_quiet();
    arm();
    filch_future *f = filch_submit(ex, burn, NULL);
    int rc = filch_future_failure(f, FILCH_FOREVER, &why);
    MUST(rc == -EIO || is_lack(rc));
    MUST(rc == why.code && why.message != NULL && why.task != NULL);
    if (rc == -EIO)
        MUST(strcmp(why.message, "disk on fire") == 0 ||
             strcmp(why.message, filch_strerror(-EIO)) == 0);
    filch_future_release(f);
    fault_pause();
    check_and_close(ex);
}

static int refuse_start(filch_ctx *cx, void *data)
{
    (void)data;
    return filch_failf(cx, -EIO, "no licence");
}

void start_hook(arm_fault *arm)
{
    struct record log = RECORD_INIT;
    filch_executor *ex = open_with((struct filch_config){.workers = 1,
        .on_start = refuse_start,
        .on_unobserved = record,
        .data = &log});
    arm();
    int rc = settle(filch_submit(ex, nothing, NULL));
    MUST(is_lack(rc));
    fault_pause();
    MUST(settle(filch_submit(ex, nothing, NULL)) == FILCH_EBROKEN);
    MUST(filch_executor_close(ex) == 0);
    MUST(log.count >= 1);
}

void close_down(arm_fault *arm)
{
    filch_future *fs[MANY];
    struct gate gate;
    filch_executor *ex = open_quiet();
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    for (int i = 0; i < MANY; i++)
        fs[i] = filch_submit(ex, nothing, NULL);
    arm();
    gate_pass(&gate, 1);
    int rc = filch_executor_shutdown(ex, FILCH_CANCEL_PENDING, FILCH_POLL);
    MUST(rc == 0 || rc == -ETIMEDOUT);
    MUST(filch_executor_close(ex) == 0);
    for (int i = 0; i < MANY; i++) {
        rc = settle(fs[i]);
        MUST(rc == 0 || rc == -ECANCELED || is_lack(rc));
    }
    MUST(settle(held) == 0);
}
