/* SPDX-License-Identifier: MIT */
/* Compiled once, by one compiler, for all competitors. */
#include "problem.h"

uint64_t spin(uint64_t x, uint64_t steps)
{
    for (; steps > 0; steps--)
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return x;
}

double sum_of(const struct sum *p, size_t begin, size_t end)
{
    const double *x = p->x;
    double a = 0, b = 0, c = 0, d = 0;

    for (; end - begin >= 4; begin += 4) {
        a += x[begin];
        b += x[begin + 1];
        c += x[begin + 2];
        d += x[begin + 3];
    }
    for (; begin < end; begin++)
        a += x[begin];
    return (a + b) + (c + d);
}

size_t first_of(const struct search *p, size_t begin, size_t end)
{
    const int *x = p->x;
    int wanted = p->wanted;

    for (; end - begin >= 4; begin += 4)
        if (x[begin] == wanted || x[begin + 1] == wanted ||
            x[begin + 2] == wanted || x[begin + 3] == wanted)
            break;
    while (begin < end && x[begin] != wanted)
        begin++;
    return begin;
}
