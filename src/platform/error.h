/* SPDX-License-Identifier: MIT */
/* Names and texts of the codes that functions return: the system's, negated,
 * and our own. */
#ifndef FL_PLATFORM_ERROR_H
#define FL_PLATFORM_ERROR_H

/* Any thread, signal handlers too. Static strings, never NULL. */
const char *fl_error_name(int code);
const char *fl_error_text(int code);

#endif
