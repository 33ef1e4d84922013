/* SPDX-License-Identifier: MIT */
#include "task/report.h"

#include <stdio.h>

#include "platform/error.h"
#include "platform/process.h"
#include "task/task.h"

static void print(const struct filch_failure *what)
{
    char line[512];
    int bytes = snprintf(line, sizeof line, "filch: %s: %s: %s%s%s\n",
        what->task, fl_error_name(what->code), what->message,
        *what->where ? " at " : "", what->where);
    if (bytes >= (int)sizeof line) {
        bytes = sizeof line - 1;
        line[bytes - 1] = '\n';
    }
    fl_process_complain(line, (size_t)bytes);
}

void fl_report(const struct fl_home *home, const struct filch_failure *what)
{
    if (home && home->on_unobserved)
        home->on_unobserved(home->data, what);
    else
        print(what);
}

const struct fl_home *fl_report_home(const filch_future *task)
{
    if (task->flags & FL_STRAY)
        return fl_task_extra(task)->stray.home;
    /* The arena is the home's first member. */
    return (const struct fl_home *)(const void *)fl_slab_arena(task);
}
