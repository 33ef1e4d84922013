/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/backtrace.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GLIBC__)
#include <execinfo.h>

/* The two that are left out. */
enum { FRAMES = 64, OWN = 2 };

/* Each behind four blanks, with an end of line. */
static char *join(char *const *lines, int count)
{
    size_t bytes = 1;
    for (int i = 0; i < count; i++)
        bytes += strlen(lines[i]) + 5;
    char *text = malloc(bytes), *end = text;
    for (int i = 0; text && i < count; i++) {
        end = stpcpy(end, "    ");
        end = stpcpy(end, lines[i]);
        end = stpcpy(end, "\n");
    }
    return text;
}

__attribute__((noinline)) char *fl_backtrace_text(void)
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES) - OWN;
    if (count <= 0)
        return NULL;
    char **lines = backtrace_symbols(frames + OWN, count);
    char *text = lines ? join(lines, count) : NULL;
    free(lines);
    return text;
}
#else
char *fl_backtrace_text(void)
{
    return NULL;
}
#endif
