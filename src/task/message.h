/* SPDX-License-Identifier: MIT */
/* The message of a failure: an allocated string, and behind its end another
 * one, a backtrace, or an empty one. */
#ifndef FL_TASK_MESSAGE_H
#define FL_TASK_MESSAGE_H

#include <filch/base.h>

#include <stdarg.h>

/* Any thread. Formats as printf() does, with its arguments in a list.
 * `backtrace` may be NULL. NULL: no memory. */
char *fl_message_new(const char *backtrace, const char *format, va_list args)
    FILCH_PRINTF(2, 0);
/* Any thread. NULL: there is none, or no memory. */
char *fl_message_copy(const char *message);
/* Any thread. NULL: none. */
const char *fl_message_backtrace(const char *message);

#endif
