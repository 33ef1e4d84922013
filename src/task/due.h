/* SPDX-License-Identifier: MIT */
/*
 * What is due: things that the end of a task makes its thread do once no lock
 * is held, one after the other, never one inside another. So a chain of any
 * length needs no stack.
 */
#ifndef FL_TASK_DUE_H
#define FL_TASK_DUE_H

struct fl_due {
    struct fl_due *next;             /* the thread, once it is due */
    void (*run)(struct fl_due *due); /* may free it */
};

/* Any thread. The calling one will run it; may be called under a hook lock. */
void fl_due_add(struct fl_due *due);
/* Any thread, without a lock. Runs all that is due in the order of adding; in
 * something that is being run: nothing, its caller goes on with the rest. */
void fl_due_run(void);

#endif
