/* SPDX-License-Identifier: MIT */
/* Promises and derived futures, with faults. */
#include "scenario.h"

static int hand_on_a_task(
    filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)source;
    (void)arg;
    (void)result;
    filch_future *f = filch_submit(filch_ctx_executor(cx), nothing, NULL);
    MUST(filch_hand_on(cx, f) == 0);
    filch_future_release(f);
    return 0;
}

static int explain(filch_ctx *cx, filch_future *source, void *arg, void *result)
{
    (void)arg;
    (void)result;
    MUST(filch_future_state(source) == FILCH_FAILED);
    return filch_failf(cx, -EPROTO, "explained");
}

static void count_destroyed(void *destroyed)
{
    atomic_fetch_add((atomic_int *)destroyed, 1);
}

/* One future with a handler for each outcome; NULL if it cannot be had. */
static filch_future *derive(
    filch_executor *ex, filch_future *f, atomic_int *destroyed)
{
    struct filch_then_options options = {.arg_destroy = count_destroyed};
    filch_future *g = f;
    int rc = filch_then_with(
        &g, f, ex, hand_on_a_task, explain, destroyed, &options);
    MUST(rc == 0 || (rc == -ENOMEM && g == NULL));
    return g;
}

static filch_future *gather(filch_future **fs, size_t count, int is_any)
{
    filch_future *g = fs[0];
    int rc = is_any ? filch_any(&g, fs, count) : filch_all(&g, fs, count);
    MUST(rc == 0 || (rc == -ENOMEM && g == NULL));
    return g;
}

static int is_expected(int rc)
{
    return rc == 0 || rc == -EIO || rc == -EPROTO || rc == -ECANCELED ||
           is_lack(rc);
}

static void use_promise(filch_executor *ex, filch_promise *p, filch_future *f,
    int rc_set, atomic_int *destroyed)
{
    filch_future *gs[4] = {f, derive(ex, f, destroyed)};
    size_t count = gs[1] != NULL ? 2 : 1;
    filch_future *whole = gather(gs, count, 0);
    filch_future *either = gather(gs, count, 1);
    if (rc_set)
        MUST(filch_promise_fail(p, rc_set, "set by hand") == 0);
    else
        MUST(filch_promise_set(p, NULL, 0) == 0);
    MUST(outcome(f) == rc_set);
    MUST(gs[1] == NULL || is_expected(settle(gs[1])));
    MUST(whole == NULL || is_expected(settle(whole)));
    MUST(either == NULL || is_expected(settle(either)));
}

void compose(arm_fault *arm)
{
    atomic_int destroyed = 0;
    int opened = 0;
    filch_executor *ex = open_quiet();
    arm();
    for (int i = 0; i < 4; i++) {
        filch_promise *p = (filch_promise *)(void *)ex;
        filch_future *f = (filch_future *)(void *)ex;
        int rc = filch_promise_open(&p, &f, ex);
        MUST(rc == 0 || (rc == -ENOMEM && p == NULL && f == NULL));
        if (rc != 0)
            continue;
        opened++;
        use_promise(ex, p, f, i % 2 ? -EIO : 0, &destroyed);
        filch_promise_close(p);
        filch_future_release(f);
    }
    fault_pause();
    check_and_close(ex);
    MUST(atomic_load(&destroyed) == opened);
}
