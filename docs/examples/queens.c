/* SPDX-License-Identifier: MIT */
/*
 * queens: in how many ways do N queens stand on N by N squares, so that none
 * attacks another?
 *
 *     queens [N] [WORKERS]
 *
 * A fork for each square of a row that is safe, at every depth: there is no
 * cut-off. Rows are taken by depth; columns, and the diagonals as they cross
 * the row, are bits.
 */
#include "compare.h"

static long queens_serial(
    unsigned all, unsigned columns, unsigned left, unsigned right)
{
    long found = columns == all;
    unsigned safe = all & ~(columns | left | right);
    for (; safe; safe &= safe - 1) {
        unsigned queen = safe & (0 - safe);
        found += queens_serial(
            all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return found;
}

FILCH_TASK(long, queens, unsigned, all, unsigned, columns, unsigned, left,
    unsigned, right)
{
    long found = columns == all;
    int forks = 0;
    unsigned safe = all & ~(columns | left | right);
    for (; safe; safe &= safe - 1, forks++) {
        unsigned queen = safe & (0 - safe);
        queens_fork(&cx, all, columns | queen, (left | queen) << 1,
            (right | queen) >> 1);
    }
    for (; forks > 0; forks--)
        found += queens_join(&cx);
    return found;
}

int main(int argc, char **argv)
{
    struct number numbers[] = {
        {"N", 1, 16, 11}, {"WORKERS", 0, FILCH_WORKERS_MAX, 0}};
    if (argc < 1 || compare_read(numbers, 2, argv + 1))
        return compare_usage("queens", numbers, 2);
    unsigned all = (1U << numbers[0].value) - 1;
    int64_t start = filch_now();
    long expected = queens_serial(all, 0, 0, 0);
    int64_t serial = filch_now() - start;

    filch_with (ex, .name = "queens", .workers = (int)numbers[1].value) {
        long found = 0;
        start = filch_now();
        int rc = queens_run(ex, &found, all, 0, 0, 0);
        int64_t parallel = filch_now() - start;
        if (rc) {
            (void)fprintf(stderr, "queens: %s\n", filch_strerror(rc));
            return EXIT_FAILURE;
        }
        (void)printf("%ld ways\n", found);
        return compare_print(
            serial, parallel, filch_executor_workers(ex), found == expected);
    }
}
