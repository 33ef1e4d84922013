/* SPDX-License-Identifier: MIT */
/* As main.c, in C++. */
#include <filch.h>

#include <cstdio>

static int add_one(filch_ctx *, void *arg, void *result)
{
    *static_cast<int *>(result) = *static_cast<int *>(arg) + 1;
    return 0;
}

int main()
{
    filch_config config = {};
    config.workers = 2;
    filch_executor *ex = nullptr;
    if (filch_executor_open(&ex, &config) != 0)
        return 1;
    int number = 41;
    int answer = 0;
    filch_future *f = filch_submit(ex, add_one, &number);
    int rc = filch_future_result(f, FILCH_FOREVER, &answer, sizeof answer);
    filch_future_release(f);
    filch_executor_close(ex);
    std::printf("%s: %s, %d\n", filch_version(), filch_error_name(rc), answer);
    return rc == 0 && answer == 42 ? 0 : 1;
}
