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
/* The worker has been poked. Publishes the older half of its private records,
 * or the only one; they end at `top`. */
void fl_fork_feed(struct fl_worker *worker, char *top);
/* The worker, or who has just stolen from it. Nothing to be stolen there, but
 * somebody hungry: its next fork shall know. */
void fl_fork_stay_poked(struct fl_worker *worker);
/* The strand's thread, in a debug build, at a slow fork or join, `top` behind
 * the last record. */
bool fl_fork_is_sane(struct fl_strand *strand, const char *top);
/* The worker, about to sleep, after a fence. Whoever forks next shall look for
 * sleepers. */
void fl_fork_poke_all(struct fl_worker *worker);
/* Any thread. Is there a fork to be stolen from the worker? */
bool fl_fork_has_work(struct fl_worker *worker);

#endif
