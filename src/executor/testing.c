/* SPDX-License-Identifier: MIT */
#include <filch/testing.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "backend/backend.h"
#include "platform/process.h"
#include "sched/leak.h"

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

static void print(void *data, const struct filch_leak *leak)
{
    (void)data;
    fl_process_complain_of("filch: not released: %s: %s, references: %u (%s)\n",
        leak->task, filch_state_name(leak->state), leak->references,
        leak->where);
}

int filch_report_leaks(filch_executor *ex, filch_leak_fn *fn, void *data)
{
    const struct fl_home *home = ex ? ex->backend->home(ex) : NULL;
    struct fl_leaks leaks;
    if (ex && !home)
        return 0; /* it could not be opened */
    int rc = fl_leak_find(home, &leaks);
    for (size_t i = 0; i < leaks.count; i++)
        (fn ? fn : print)(data, &leaks.found[i]);
    free(leaks.found);
    return rc ? rc : (int)leaks.count;
}
