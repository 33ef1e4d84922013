/* SPDX-License-Identifier: MIT */
/*
 * An overflow: a thread's stack has grown into the guard below it. The process
 * dies of SIGSEGV at that instruction, as any does; a watched thread is asked
 * for a word before.
 *
 * For that the library handles SIGSEGV, from the first watched thread on, if
 * nobody else does at that moment; a handler that comes later replaces ours,
 * and may call it. All faults that are not an overflow of a watched thread
 * end as they would without us. (A guard is a page without access, which
 * Linux never reports as SIGBUS: that is left alone.)
 */
#ifndef FL_PLATFORM_OVERFLOW_H
#define FL_PLATFORM_OVERFLOW_H

/*
 * The thread itself, started by fl_thread_start(), not watched yet. Maps a
 * stack for the handler; if that fails, or somebody else handles SIGSEGV,
 * nothing is watched. When the thread overflows, it calls tell(), in a signal
 * handler on that other stack. `stack_low`: fl_thread_stack_low().
 */
void fl_overflow_watch(char *stack_low, void (*tell)(void));
/* The thread itself, watched or not. Frees that stack. */
void fl_overflow_unwatch(void);

/* Any thread, at the end of the library: SIGSEGV is nobody's again, unless it
 * is somebody else's now. (The shared library's code stays to the end of the
 * process; that of a static one, in a plugin, goes with it.) */
void fl_overflow_forget(void);

#endif
