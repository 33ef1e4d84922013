/* SPDX-License-Identifier: MIT */
/* Compiled once, by one compiler, for all competitors. */
#include "problem.h"

void product_base(struct product p)
{
    for (int i = 0; i < p.rows; i++) {
        double *restrict c = p.c + i * p.stride;

        for (int k = 0; k < p.inner; k++) {
            const double *restrict b = p.b + k * p.stride;
            double a = p.a[i * p.stride + k];

            for (int j = 0; j < p.columns; j++)
                c[j] += a * b[j];
        }
    }
}

static int median(int a, int b, int c)
{
    int low = a < b ? a : b, high = a < b ? b : a;

    return c < low ? low : c > high ? high : c;
}

/* Hoare's, from both ends. */
size_t sort_partition(int *first, size_t count)
{
    int pivot = median(first[0], first[count / 2], first[count - 1]);
    int *low = first, *high = first + count - 1;

    for (;; low++, high--) {
        while (*low < pivot)
            low++;
        while (*high > pivot)
            high--;
        if (low >= high)
            break;
        int swapped = *low;
        *low = *high;
        *high = swapped;
    }
    return (size_t)(low - first);
}

void sort_base(int *first, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int x = first[i];
        size_t to = i;

        for (; to > 0 && first[to - 1] > x; to--)
            first[to] = first[to - 1];
        first[to] = x;
    }
}
