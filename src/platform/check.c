/* SPDX-License-Identifier: MIT */
#include "platform/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/process.h"

_Noreturn void fl_check_failed(
    const char *function, const char *what, uint32_t state)
{
    char line[256];
    int bytes = snprintf(line, sizeof line,
        "filch: %s: misuse, not true: %s (state %#x)\n", function, what,
        (unsigned)state);
    fl_process_complain(line, (size_t)bytes);
    abort();
}
