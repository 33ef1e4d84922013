/* SPDX-License-Identifier: MIT */
/* Tokens and times, with faults. */
#include "scenario.h"

static atomic_int destroyed;

static void destroy(void *arg)
{
    (void)arg;
    atomic_fetch_add(&destroyed, 1);
}

static void submit_one(
    filch_executor *ex, struct filch_submit_options options, bool is_to_end)
{
    filch_future *f = NULL;
    options.arg_destroy = destroy;
    int rc = filch_submit_with(&f, ex, nothing, &destroyed, &options);
    MUST((rc == 0) == (f != NULL));
    if (rc == 0 && is_to_end)
        rc = settle(f);
    else
        filch_future_release(f);
    MUST(rc == 0 || is_lack(rc));
}

void tokens(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    filch_token *root = NULL, *below = NULL;
    atomic_store(&destroyed, 0);
    arm();
    int rc = filch_token_open(&root, NULL, filch_after(FILCH_S(1000)));
    MUST(rc == 0 || is_lack(rc));
    rc = filch_token_open(&below, root, FILCH_FOREVER);
    MUST(rc == 0 || is_lack(rc));
    submit_one(ex, (struct filch_submit_options){.token = below}, true);
    filch_token_cancel(root);
    fault_pause();
    filch_token_release(below);
    filch_token_release(root);
    check_and_close(ex);
    MUST(atomic_load(&destroyed) == 1);
}

void times(arm_fault *arm)
{
    const int64_t soon = filch_after(FILCH_US(100));
    const int64_t far = filch_after(FILCH_S(1000));
    filch_executor *ex = open_quiet();
    atomic_store(&destroyed, 0);
    arm();
    submit_one(ex, (struct filch_submit_options){.not_before = soon}, true);
    submit_one(ex, (struct filch_submit_options){.start_by = far}, true);
    submit_one(ex,
        (struct filch_submit_options){.not_before = soon, .start_by = far},
        true);
    submit_one(ex, (struct filch_submit_options){.deadline = far}, true);
    submit_one(ex, (struct filch_submit_options){.result_bytes = 1000}, true);
    submit_one(
        ex, (struct filch_submit_options){.period = FILCH_S(1000)}, false);
    submit_one(ex, (struct filch_submit_options){.not_before = far}, false);
    fault_pause();
    /* The timekeeper, which could start no worker, may still be failing what
     * is queued. */
    while (settle(filch_submit(ex, nothing, NULL)) == -EAGAIN)
        ;
    check_and_close(ex);
    MUST(atomic_load(&destroyed) == 7);
}
