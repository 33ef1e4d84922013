/* SPDX-License-Identifier: MIT */
/* Fork and join, what is slow of it: see README.md, [FORK-...]. */
#ifndef FL_SCHED_FORK_H
#define FL_SCHED_FORK_H

#include "sched/worker.h"

/* The worker. Steals a fork of another worker; NULL: there is none, and all
 * that fork have been told that somebody is hungry. */
struct fl_record *fl_fork_steal(struct fl_worker *worker);
/* The worker. Runs a fork that it has stolen. */
void fl_fork_run_stolen(struct fl_worker *worker, struct fl_record *record);
/* The worker, in a task that is about to block. Publishes all its forks. */
void fl_fork_offer(struct fl_worker *worker);
/* The worker, about to sleep, after a fence. Whoever forks next shall look for
 * sleepers. */
void fl_fork_poke_all(struct fl_worker *worker);
/* The strand is gone. */
void fl_fork_free(struct fl_strand *strand);
/* Any thread. Is there a fork to be stolen from the worker? */
bool fl_fork_has_work(struct fl_worker *worker);

#endif
