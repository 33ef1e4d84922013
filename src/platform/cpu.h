/* SPDX-License-Identifier: MIT */
/*
 * How many CPUs this process may use: its affinity mask, and the CPU quotas
 * of its control groups (v1, v2, both, nested).
 *
 * Promise: never fails. What cannot be read (a sandbox, no /proc, no memory)
 * counts as "no limit" and leaves the other limits in force.
 */
#ifndef FL_PLATFORM_CPU_H
#define FL_PLATFORM_CPU_H

/*
 * Any thread. Reads files: for the opening of an executor, not for a hot
 * path. The smaller of fl_cpu_affinity() and fl_cpu_quota(""), at least 1.
 * Keeps errno.
 */
int fl_cpu_available(void);

/*
 * Any thread. CPUs in the calling thread's affinity mask; if that is refused,
 * those that are online; if that is unknown, 1.
 */
int fl_cpu_affinity(void);

/*
 * Any thread. The tightest CPU quota among this process's control group and
 * all its visible ancestors, rounded up to whole CPUs, at least 1; INT_MAX if
 * there is none. Weights and shares are no quota.
 * Every file is looked for below the directory `root`, "" for the real ones.
 */
int fl_cpu_quota(const char *root);

#endif
