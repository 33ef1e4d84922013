/* SPDX-License-Identifier: MIT */
#include "task/due.h"

#include <stdbool.h>
#include <stddef.h>

static _Thread_local struct {
    struct fl_due *first;
    struct fl_due *last;
    bool is_running;
} queue __attribute__((tls_model("initial-exec")));

void fl_due_add(struct fl_due *due)
{
    due->next = NULL;
    if (queue.first)
        queue.last->next = due;
    else
        queue.first = due;
    queue.last = due;
}

void fl_due_run(void)
{
    if (queue.is_running)
        return;
    queue.is_running = true;
    while (queue.first) {
        struct fl_due *due = queue.first;
        queue.first = due->next;
        due->run(due);
    }
    queue.is_running = false;
}
