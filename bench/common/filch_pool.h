/* SPDX-License-Identifier: MIT */
/* filch: an executor with so many workers. */
#ifndef BENCH_FILCH_POOL_H
#define BENCH_FILCH_POOL_H

#include <filch.h>
#include <stdlib.h>

static void *open_pool(int workers)
{
    struct filch_config config = {.workers = workers};
    filch_executor *ex;

    return filch_executor_open(&ex, &config) == 0 ? ex : NULL;
}

static void close_pool(void *pool)
{
    if (filch_executor_close(pool) != 0)
        abort();
}

static void must(int rc)
{
    if (rc != 0)
        abort();
}

#endif
