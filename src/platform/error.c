/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/error.h"

#include <string.h>

const char *fl_error_name(int number)
{
    return strerrorname_np(number);
}

const char *fl_error_text(int number)
{
    return strerrordesc_np(number);
}
