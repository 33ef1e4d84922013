/* SPDX-License-Identifier: MIT */
/*
 * A model checker for the library's own source: see README.md.
 *
 * A scene sets something up, lets a few threads play, and checks the end.
 * The search runs it again and again, each time with another interleaving
 * and with other values that weak memory lets each load see, until all within
 * the bounds have been seen, or one fails.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { MODEL_THREADS = 4 }; /* of a scene */

struct model_scene {
    const char *name;
    void (*begin)(void);
    void (*play[MODEL_THREADS])(void);
    void (*end)(void);
    unsigned preemptions; /* at most; 0: 2 */
    unsigned stale;       /* loads that do not see the newest; 0: 2 */
    bool is_newest;       /* all loads do */
    void (*after)(void);  /* when all executions have been seen */
    const char *fails;    /* it must fail, for this reason */
};

/* Runs the scenes that argv names, or all. For main(): 0, or 1 if one fails.
 * The options are in README.md. */
int model_main(int argc, char **argv, const struct model_scene *scenes);

/* In a scene: fails it. */
_Noreturn void model_fail(const char *what);
#define MODEL_MUST(condition)                                                  \
    ((condition) ? (void)0 : model_fail("MODEL_MUST(" #condition ")"))

/* In a scene: another way for things to go: 0 to count - 1, each is tried. */
unsigned model_choose(unsigned count);
/* In a scene: blocks until the pollable event is readable. */
void model_poll_event(void);
/* In a scene: what follows is not what it is about (or is, again). Meanwhile
 * nobody is preempted and loads see the newest, so that there is less to do. */
void model_calm(bool calm);
/* In a scene: from now on no thread can be started. */
void model_refuse_threads(void);
/* In a scene: a note in the table of what happened. */
void model_note(const char *what, uint64_t value);

#endif
