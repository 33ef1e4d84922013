/* SPDX-License-Identifier: MIT */
/*
 * Tickets for pools without futures: a cheap completion flag. A pool pays for
 * a wake-up only when somebody sleeps on exactly this ticket; and who sleeps,
 * sleeps on the newest ticket, so that one wake-up serves a whole batch.
 *
 * [TICKET] done := 1 (seq_cst), then awaited (seq_cst) in the worker; awaited
 * := ticket (seq_cst), then done (seq_cst) in the waiter: one of them sees
 * the other. The worker signals under the lock under which the waiter looks.
 */
#ifndef BENCH_TICKET_H
#define BENCH_TICKET_H

#include "pool.h"

#ifdef __cplusplus
extern "C" {
#endif

struct desk;

struct ticket {
    pool_task *task;
    void *value;       /* the argument, then the result */
    struct desk *desk; /* NULL: detached */
    int done;          /* atomic */
};

/* Where one submitter waits for its tickets. */
struct desk *desk_open(void);
/* After the pool has ended: a worker may touch it after the wait. */
void desk_close(struct desk *desk);

/* Submitter: before the ticket is handed to the pool. */
void ticket_issue(
    struct ticket *ticket, struct desk *desk, pool_task *task, void *arg);
/* A ticket that nobody waits for: ticket_run() frees it. */
struct ticket *ticket_new_detached(pool_task *task, void *arg);
/* Worker: runs the task, completes the ticket. */
void ticket_run(struct ticket *ticket);
/* Submitter: blocks until it is done, returns the result. */
void *ticket_wait(struct ticket *ticket);

#ifdef __cplusplus
}
#endif
#endif
