/* SPDX-License-Identifier: MIT */
/*
 * The frame of a stress program: `program [SCALE [SEED]]`, or
 * FILCH_STRESS_SCALE and FILCH_STRESS_SEED in the environment. The work is
 * SCALE times the default, which takes a second or two; a hang is a SIGALRM.
 */
#ifndef TESTS_STRESS_H
#define TESTS_STRESS_H

#include "feature.h"

#include "patience.h"

#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

enum { STRESS_THREADS = 4 };

struct stress {
    unsigned long scale;
    unsigned long seed;
};

static inline unsigned long stress_number(
    int argc, char **argv, int place, const char *name)
{
    const char *text = argc > place ? argv[place] : getenv(name);
    unsigned long number = text != NULL ? strtoul(text, NULL, 0) : 1;
    return number > 0 ? number : 1;
}

static inline struct stress stress_begin(int argc, char **argv)
{
    struct stress s = {stress_number(argc, argv, 1, "FILCH_STRESS_SCALE"),
        stress_number(argc, argv, 2, "FILCH_STRESS_SEED")};
    printf("%s: scale %lu, seed %lu\n", argv[0], s.scale, s.seed);
    fflush(stdout);
    alarm((unsigned)(300 * s.scale));
    return s;
}

/* splitmix64: one per thread, seeded from the run's seed. */
static inline uint64_t draw_bits(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/** A number from 0 to @p count - 1. */
static inline int draw(uint64_t *state, int count)
{
    return (int)(draw_bits(state) % (uint64_t)count);
}

struct stress_thread {
    pthread_t thread;
    int number;
    uint64_t random;
    void *shared;
};

/** Runs @p body in STRESS_THREADS threads, and waits for all. */
static inline void stress_run(
    void *(*body)(void *thread), uint64_t seed, void *shared)
{
    struct stress_thread threads[STRESS_THREADS];
    for (int i = 0; i < STRESS_THREADS; i++) {
        threads[i] = (struct stress_thread){.number = i,
            .random = seed * STRESS_THREADS + (uint64_t)i,
            .shared = shared};
        MUST(pthread_create(&threads[i].thread, NULL, body, &threads[i]) == 0);
    }
    for (int i = 0; i < STRESS_THREADS; i++)
        MUST(pthread_join(threads[i].thread, NULL) == 0);
}

#endif
