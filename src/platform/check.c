/* SPDX-License-Identifier: MIT */
#include "platform/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/process.h"

_Noreturn void fl_check_failed(
    const char *function, const char *what, uint32_t state)
{
    char line[400]; /* long names, as of a task, are cut */
    int bytes = snprintf(line, sizeof line,
        "filch: %.150s: misuse, not true: %.150s (state %#x)\n", function, what,
        (unsigned)state);
    fl_process_complain(line, (size_t)bytes);
    abort();
}
