/* SPDX-License-Identifier: MIT */
/*
 * The pools of the process: for its end, for its forks, and for threads that
 * come to a pool through a future only.
 */
#ifndef FL_SCHED_REGISTRY_H
#define FL_SCHED_REGISTRY_H

#include "sched/pool.h"

/* Who opens a pool. */
void fl_registry_add(struct fl_pool *pool);
/* The last one of a pool. */
void fl_registry_remove(struct fl_pool *pool);
/* Any thread. A pool has lost its last thread, or has gone. */
void fl_registry_note_change(void);
/* A worker that is the last one of its own pool: it cannot join itself, and
 * leaves that to the next one who is, or to the end of the process. */
void fl_registry_leave_thread(struct fl_worker *self);
/* Any thread. The pool of the task, as a guest, if the task is pending; else
 * NULL. */
struct fl_pool *fl_registry_enter(filch_future *task);
/* The only thread of a child of fork(): the pools and threads of the parent
 * are not here, and locks that they held will not be given back. */
void fl_registry_forget_parent(void);

#endif
