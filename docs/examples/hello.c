/* SPDX-License-Identifier: MIT */
#include <filch.h>
#include <stdio.h>

static int add_up(void *n)
{
    int sum = 0;
    for (int i = *(int *)n; i > 0; i--)
        sum += i;
    return sum;
}

int main(void)
{
    int n = 1000, sum = 0;
    filch_with (ex, .workers = 5) {
        filch_future *f = filch_submit(ex, add_up, &n);
        int rc = filch_future_result(f, FILCH_FOREVER, &sum, sizeof sum);
        filch_future_release(f);
        printf("%s: %d\n", filch_strerror(rc), sum);
        return rc != 0; /* shut down and joined on every way out */
    }
}
