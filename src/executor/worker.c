/* SPDX-License-Identifier: MIT */
#include <filch/worker.h>

#include <errno.h>

#include "backend/backend.h"

int filch_for_each_worker(
    filch_executor *ex, filch_worker_fn *fn, void *arg, int64_t deadline)
{
    if (!ex || !fn)
        return -EINVAL;
    return ex->backend->each_worker(ex, fn, arg, deadline);
}
