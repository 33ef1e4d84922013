/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int take_quick(int *argc, char **argv)
{
    int kept = 0, found = 0;

    for (int i = 0; i < *argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            found = 1;
        else
            argv[kept++] = argv[i];
    argv[kept] = NULL;
    *argc = kept;
    return found;
}

void *must_alloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);

    if (!memory)
        abort();
    return memory;
}

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
