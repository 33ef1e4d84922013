/* SPDX-License-Identifier: MIT */
/* What a user's first program does, to see that it builds, links and runs. */
#include <filch.h>

#include <stdio.h>

static int add_one(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    *(int *)result = *(const int *)arg + 1;
    return 0;
}

int main(void)
{
    int number = 41;
    int answer = 0;
    int rc = -1;
    filch_with (ex, .workers = 2) {
        filch_future *f = filch_submit(ex, add_one, &number);
        rc = filch_future_result(f, FILCH_FOREVER, &answer, sizeof answer);
        filch_future_release(f);
    }
    printf("%s: %s, %d\n", filch_version(), filch_error_name(rc), answer);
    return rc == 0 && answer == 42 ? 0 : 1;
}
