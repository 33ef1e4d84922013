/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/backtrace.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <dlfcn.h>
#include <execinfo.h>
#include <stdio.h>

/* The own two are left out; long lines are cut. */
enum { FRAMES = 64, OWN = 2, LINE_BYTES = 256 };

/* "    file(function+0x12) [0x1234]", as far as known; its length. */
static int write_line(char *line, char *address)
{
    Dl_info of = {.dli_fname = "?"};
    dladdr(address, &of);
    const char *base = of.dli_sname ? of.dli_saddr : of.dli_fbase;
    int length = snprintf(line, LINE_BYTES - 1, "    %s(%s+%#zx) [%p]",
        of.dli_fname, of.dli_sname ? of.dli_sname : "",
        (size_t)(address - base), (void *)address);
    if (length > LINE_BYTES - 2)
        length = LINE_BYTES - 2;
    line[length] = '\n';
    line[length + 1] = '\0';
    return length + 1;
}

__attribute__((noinline)) char *fl_backtrace_text(void)
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES);
    char *text = count > OWN ? malloc(FRAMES * LINE_BYTES) : NULL;
    char *end = text;
    for (int i = OWN; text && i < count; i++)
        end += write_line(end, frames[i]);
    return text;
}
#else
char *fl_backtrace_text(void)
{
    return NULL;
}
#endif
