/* SPDX-License-Identifier: MIT */
/*
 * Seats: in a pool without threads, the workers that there are not. A thread
 * that runs a task takes the first free one, for its number; a task that it
 * runs on top of that has the same. One that steps alone has number 0.
 */
#ifndef FL_SCHED_SEAT_H
#define FL_SCHED_SEAT_H

#include "sched/pool.h"
#include "task/strand.h"

/* So many at most. */
enum { FL_SEATS = 64 };

struct fl_seat {
    int number;    /* -1: none is free */
    bool is_taken; /* here; else by what it runs on top of */
};

/* A guest, in its strand, about to run something. */
struct fl_seat fl_seat_take(struct fl_pool *pool);
/* The same. Calls on_start, if nobody had the seat before. 0, or
 * FILCH_EBROKEN. */
int fl_seat_start(struct fl_pool *pool, struct fl_run run);
void fl_seat_leave(struct fl_pool *pool, struct fl_seat seat);
/* Any thread with the handle or a share of live, when nothing is left to be
 * run. Calls on_stop for each seat that somebody had. */
void fl_seat_stop_all(struct fl_pool *pool);

#endif
