/* SPDX-License-Identifier: MIT */
/*
 * Hooks: what is to be told when a task becomes final. A hook is told once,
 * by the thread that finished the task, in the order in which hooks were
 * added, or it is removed before that.
 */
#ifndef FL_TASK_HOOK_H
#define FL_TASK_HOOK_H

#include "task/task.h"

struct fl_hook {
    struct fl_hook *next; /* hook lock */
    /* Called under the hook lock: short, takes no other hook lock. True: the
     * hook stays in the list, until removed. Else it may be gone. */
    bool (*fire)(struct fl_hook *hook, filch_future *task);
    const void *key; /* immutable; not NULL: only one with this key */
    bool is_armed;   /* hook lock: still to be fired */
};

/* What became of an add. */
enum { FL_HOOK_ARMED, FL_HOOK_LATE };

/*
 * Any thread with a reference. Links the hook. FL_HOOK_ARMED: it will fire;
 * FL_HOOK_LATE: the task is final, it will not (but it is linked);
 * -EALREADY: one with its key is there (not linked).
 */
int fl_hook_add(filch_future *task, struct fl_hook *hook);
/* Any thread with a reference. Unlinks the hook, if it is linked; afterwards
 * nobody else uses it. True: it would still have been fired. */
bool fl_hook_remove(filch_future *task, struct fl_hook *hook);
/* The thread that finished the task, if it had FL_HOOKS; has a reference. */
void fl_hook_fire_all(filch_future *task);

/* The only thread of a child of fork(): nobody holds a hook lock. */
void fl_hook_forget_locks(void);

/* Any thread with a reference. See filch_future_on_done(). 0, or -ENOMEM. */
int fl_hook_add_callback(filch_future *task, filch_callback *fn, void *arg);

#endif
