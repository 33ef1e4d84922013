/* SPDX-License-Identifier: MIT */
/* Where the program is: its stack as text. */
#ifndef FL_PLATFORM_BACKTRACE_H
#define FL_PLATFORM_BACKTRACE_H

/* Any thread. Allocates. The calls that led here, a line for each, the
 * innermost first, without this one and its caller; who calls frees it. NULL:
 * no memory, or no such thing in this libc. */
char *fl_backtrace_text(void);

#endif
