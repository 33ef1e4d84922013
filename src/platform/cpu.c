/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/cpu.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <unistd.h>

enum {
    CPUS_START = 1024,
    CPUS_MOST = 1 << 20,
};

/* Counts the mask if `cpus` is room enough: a count, or -errno. */
static int count_affinity(int cpus)
{
    cpu_set_t *set = CPU_ALLOC((size_t)cpus);
    size_t size = CPU_ALLOC_SIZE((size_t)cpus);
    if (!set)
        return -ENOMEM;
    int result =
        sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -errno;
    CPU_FREE(set);
    return result;
}

int fl_cpu_affinity(void)
{
    int count = -EINVAL;
    for (int cpus = CPUS_START; cpus <= CPUS_MOST && count == -EINVAL;
         cpus *= 2)
        count = count_affinity(cpus);
    if (count > 0)
        return count;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < INT_MAX ? (int)online : 1;
}

int fl_cpu_available(void)
{
    int saved = errno;
    int affinity = fl_cpu_affinity(), quota = fl_cpu_quota("");
    errno = saved;
    return affinity < quota ? affinity : quota;
}
