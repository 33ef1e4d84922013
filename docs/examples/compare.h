/* SPDX-License-Identifier: MIT */
/* What the fork-join examples share: numbers on the command line, and two
 * times at the end. */
#ifndef COMPARE_H
#define COMPARE_H

#include <filch.h>
#include <stdio.h>
#include <stdlib.h>

struct number {
    const char *name;
    long least, most, value; /* the value: the default at first */
};

/* Reads `count` numbers, all optional. 0, or -1: not such a command line. */
static inline int compare_read(struct number *numbers, int count, char **given)
{
    for (int i = 0; i < count && *given; i++, given++) {
        char *end = *given;
        numbers[i].value = strtol(*given, &end, 10);
        if (end == *given || *end || numbers[i].value < numbers[i].least ||
            numbers[i].value > numbers[i].most)
            return -1;
    }
    return *given ? -1 : 0;
}

/* The exit status for a bad command line. */
static inline int compare_usage(
    const char *program, const struct number *numbers, int count)
{
    (void)fprintf(stderr, "usage: %s", program);
    for (int i = 0; i < count; i++)
        (void)fprintf(stderr, " [%s %ld..%ld]", numbers[i].name,
            numbers[i].least, numbers[i].most);
    (void)fputs("\n", stderr);
    return 2;
}

/* Prints both times. The exit status. */
static inline int compare_print(
    int64_t serial_ns, int64_t parallel_ns, int workers, int is_same)
{
    (void)printf("serial   %10.3f ms\nparallel %10.3f ms, workers: %d, "
                 "%.2f times as fast\n",
        (double)serial_ns / 1e6, (double)parallel_ns / 1e6, workers,
        (double)serial_ns / (double)parallel_ns);
    if (!is_same)
        (void)fputs("the results differ\n", stderr);
    return is_same ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
