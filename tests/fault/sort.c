/* SPDX-License-Identifier: MIT */
/* Sorts, without the room that they need: the array stays as it was. */
#include "scenario.h"

enum { SMALL = 5000, LARGE = 600, LARGE_SIZE = 300 };

static int compare_ints(const void *a, const void *b, void *arg)
{
    int x = *(const int *)a, y = *(const int *)b;
    (void)arg;
    return (x > y) - (x < y);
}

static void sort_ints(filch_executor *ex, char *array, int count, size_t size)
{
    for (int i = 0; i < count; i++) {
        int number = i * 7919 % count;
        memcpy(array + (size_t)i * size, &number, sizeof number);
    }
    int rc = filch_sort(ex, array, (size_t)count, size, compare_ints, NULL);
    MUST(rc == 0 || is_lack(rc));
    for (int i = 0; i < count; i++) {
        int number;
        memcpy(&number, array + (size_t)i * size, sizeof number);
        MUST(number == (rc == 0 ? i : i * 7919 % count));
    }
}

void sort(arm_fault *arm)
{
    static int small[SMALL];
    static _Alignas(int) char large[LARGE * LARGE_SIZE];
    filch_executor *ex = open_quiet();
    arm();
    sort_ints(ex, (char *)small, SMALL, sizeof *small);
    sort_ints(ex, large, LARGE, LARGE_SIZE);
    fault_pause();
    check_and_close(ex);
}
