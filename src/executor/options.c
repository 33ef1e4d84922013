/* SPDX-License-Identifier: MIT */
#include "executor/options.h"

#include <errno.h>
#include <string.h>

int fl_options_copy(
    void *to, size_t to_size, const void *from, size_t from_size)
{
    const unsigned char *bytes = from;
    memset(to, 0, to_size);
    if (!from)
        return 0;
    /* What is known is taken in any case: there may be a destructor. */
    memcpy(to, from, from_size < to_size ? from_size : to_size);
    for (size_t i = to_size; i < from_size; i++)
        if (bytes[i])
            return -E2BIG;
    return 0;
}
