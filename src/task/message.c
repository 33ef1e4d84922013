/* SPDX-License-Identifier: MIT */
#include "task/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *fl_message_new(const char *backtrace, const char *format, va_list args)
{
    const char *more = backtrace ? backtrace : "";
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    size_t bytes = length < 0 ? 0 : (size_t)length + 1;
    char *message = bytes ? malloc(bytes + strlen(more) + 1) : NULL;
    if (message) {
        vsnprintf(message, bytes, format, again);
        strcpy(message + bytes, more);
    }
    va_end(again);
    return message;
}

static const char *second(const char *message)
{
    return message + strlen(message) + 1;
}

char *fl_message_copy(const char *message)
{
    if (!message)
        return NULL;
    const char *more = second(message);
    size_t bytes = (size_t)(more - message) + strlen(more) + 1;
    char *copy = malloc(bytes);
    return copy ? memcpy(copy, message, bytes) : NULL;
}

const char *fl_message_backtrace(const char *message)
{
    const char *backtrace = second(message);
    return *backtrace ? backtrace : NULL;
}
