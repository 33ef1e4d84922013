/* SPDX-License-Identifier: MIT */
/* Names and texts of the codes that functions return: the system's, negated,
 * and our own. */
#ifndef FL_PLATFORM_ERROR_H
#define FL_PLATFORM_ERROR_H

#include <filch/base.h>
#include <stdarg.h>

/* Any thread, signal handlers too. Static strings, never NULL. */
const char *fl_error_name(int code);
const char *fl_error_text(int code);

/* Any thread. An allocated message; NULL: no memory. */
char *fl_error_format(const char *format, va_list args) FILCH_PRINTF(1, 0);

#endif
