/* SPDX-License-Identifier: MIT */
/*
 * A promise: a future that no worker runs. It is completed by whoever holds
 * it: the user, by hand, or a combinator (derived.h). It can be cancelled
 * until then, unless it has been started.
 * Completing it takes two steps: fl_promise_take(), which one thread wins, and
 * one of the others, by that thread. See README.md, [PROMISE].
 */
#ifndef FL_TASK_PROMISE_H
#define FL_TASK_PROMISE_H

#include "task/task.h"

/* How one is made. */
struct fl_promise_order {
    const char *site;
    const char *name;     /* NULL: the site's */
    struct fl_home *home; /* whom to tell of an unread failure, or NULL */
    size_t bytes;         /* of the object; 0: just the future */
    unsigned references;
};

/* Any thread. Pending. NULL: out of memory. */
filch_future *fl_promise_new(const struct fl_promise_order *order);
/* What such an object's own free() ends with. */
void fl_promise_free(filch_future *promise);

/* Any thread with a reference. From now on it cannot be cancelled. 1; 0: it
 * has been; -EALREADY: it was started or completed before. */
int fl_promise_start(filch_future *promise);

/* Any thread with a reference. 0: the caller, and nobody else, completes it
 * now; -ECANCELED: cancelled before; -EALREADY: somebody else has it. */
int fl_promise_take(filch_future *promise);
/* Who has taken it, with a reference: the rest. At most FILCH_RESULT_MAX
 * bytes. Runs hooks. */
void fl_promise_done(filch_future *promise, const void *result, size_t size);
/* The same. Takes the message: see message.h; or NULL. */
void fl_promise_fail(filch_future *promise, int code, char *message);

/* Any thread with references to both, `from` final. The promise ends as that
 * did, unless it has been cancelled. Runs hooks. */
void fl_promise_pass(filch_future *promise, filch_future *from);

#endif
