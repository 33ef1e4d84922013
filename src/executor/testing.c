/* SPDX-License-Identifier: MIT */
#include <filch/testing.h>

#include <errno.h>
#include <limits.h>

#include "backend/backend.h"

int filch_step(filch_executor *ex)
{
    return ex ? ex->backend->step(ex) : -EINVAL;
}

int filch_step_all(filch_executor *ex)
{
    int count = 0, rc;
    while ((rc = filch_step(ex)) > 0)
        count += count < INT_MAX;
    return rc ? rc : count;
}
