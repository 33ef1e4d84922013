/* SPDX-License-Identifier: MIT */
/* Completion queues whose entries are the caller's. */
#ifndef FL_EXECUTOR_COMPLETION_QUEUE_H
#define FL_EXECUTOR_COMPLETION_QUEUE_H

#include <filch/completion_queue.h>

#include "task/hook.h"

/* A future in a queue. */
struct fl_entry {
    struct fl_hook hook;
    filch_completion_queue *cq;       /* immutable */
    filch_future *task;               /* immutable; a reference */
    void *tag;                        /* immutable */
    struct fl_entry *next, *previous; /* in `members` or `ready` */
    bool is_lent;                     /* immutable: not the queue's to free */
};

/* Any thread. As filch_completion_queue_add(), without allocating: the entry
 * is the queue's until the future has been taken out or the queue is closed.
 * 0, or -EALREADY. */
int fl_completion_queue_enter(filch_completion_queue *cq,
    struct fl_entry *entry, filch_future *f, void *tag);

#endif
