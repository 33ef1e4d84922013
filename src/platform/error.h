/* SPDX-License-Identifier: MIT */
/* Names and texts of the system's error numbers. */
#ifndef FL_PLATFORM_ERROR_H
#define FL_PLATFORM_ERROR_H

/* Any thread, signal handlers too. Static strings; NULL if unknown. */
const char *fl_error_name(int number);
const char *fl_error_text(int number);

#endif
