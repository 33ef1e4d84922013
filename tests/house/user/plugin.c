/* SPDX-License-Identifier: MIT */
/* A module that uses the process's executor and leaves it running. */
#include <filch.h>

int plugin_run(void);

static int add_one(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    *(int *)result = *(const int *)arg + 1;
    return 0;
}

int plugin_run(void)
{
    int number = 41;
    int answer = 0;
    filch_future *f = filch_submit(filch_default(), add_one, &number);
    int rc = filch_future_result(f, FILCH_FOREVER, &answer, sizeof answer);
    filch_future_release(f);
    return rc == 0 && answer == 42 ? 0 : 1;
}
