/* SPDX-License-Identifier: MIT */
/* What the parts of the checker know of each other. */
#ifndef MODEL_MACHINE_H
#define MODEL_MACHINE_H

#include "model.h"

#include <stddef.h>

/* Thread 0 sets up and checks; the others play. */
enum { THREADS = MODEL_THREADS + 1, PLACES_MOST = 192, STEPS_MOST = 4000 };

/* What a thread knows: for each atomic place the oldest store that it may
 * still read, for each thread the time up to which it has seen it. */
struct view {
    uint32_t seen[PLACES_MOST];
    uint32_t clock[THREADS];
};

/* schedule.c: who runs, and which way things go. */
unsigned current_thread(void);
/* A player more; its number. 0: there are enough. */
unsigned start_player(void *(*main)(void *), void *arg);
/* Until it has ended. */
void join_player(unsigned player);
/* Before each access that others can see: perhaps somebody else comes first. */
void let_others_run(void);
/* The current thread can do nothing but wait for them. */
void give_others_a_turn(void);
/* The current thread sleeps until woken; false: it gave up (a timeout). */
bool sleep_on(const void *word, bool may_give_up);
void wake_sleepers(const void *word, int count);
/* One of `count` ways; 0 is the usual one. */
unsigned choose(unsigned count);
/* Is a load still allowed to see something old? */
/* Each player has its own, at the same address. */
bool is_thread_local(const void *address);
bool may_see_old(void);
void has_seen_old(void);

/* memory.c: what each access sees. */
void memory_reset(void);
/* Players know what was set up; the end knows what all have done. */
void memory_start_players(void);
void memory_join_players(void);
/* A player starts another one; a player has seen the end of another one. */
void memory_start_player(unsigned player);
void memory_join_player(unsigned player);
void memory_plain(const void *address, size_t bytes, bool is_write);
uint64_t memory_load(const void *address, unsigned bytes, int order, void *pc);
void memory_store(
    void *address, unsigned bytes, uint64_t value, int order, void *pc);
/* Read-modify-write; the old value. */
uint64_t memory_modify(void *address, unsigned bytes,
    uint64_t (*change)(uint64_t old, uint64_t operand), uint64_t operand,
    int order, void *pc);
/* Compare and swap. True: done; else *expected is what was there. */
bool memory_swap_if(void *address, unsigned bytes, uint64_t *expected,
    uint64_t value, int order, int failure_order, void *pc);
void memory_fence(int order, void *pc);

/* heap.c: memory of the scene. */
void heap_reset(void);
void heap_check_access(const void *address, size_t bytes);
void heap_check_leaks(void);

/* report.c: the table of what happened. */
enum event {
    EVENT_LOAD,
    EVENT_STORE,
    EVENT_RMW,
    EVENT_CAS_FAILED,
    EVENT_FENCE,
    EVENT_SLEEP,
    EVENT_WOKEN,
    EVENT_WAKE,
    EVENT_NOTE,
    EVENT_FREE
};
void report_reset(void);
void report_event(enum event event, const void *address, uint64_t value,
    const char *more, void *pc);
void report_print(void);

#endif
