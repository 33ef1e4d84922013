/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const struct timespec *time_of(int64_t deadline, struct timespec *time)
{
    if (deadline == INT64_MAX)
        return NULL;
    if (deadline < 0)
        deadline = 0;
    time->tv_sec = (time_t)(deadline / 1000000000);
    time->tv_nsec = (long)(deadline % 1000000000);
    return time;
}

int fl_futex_wait(const void *word, uint32_t expected, int64_t deadline)
{
    struct timespec time;
    int saved = errno;
    long rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected,
        time_of(deadline, &time), NULL, FUTEX_BITSET_MATCH_ANY);
    int result = rc < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
    errno = saved;
    return result;
}

void fl_futex_wake(const void *word, int count)
{
    int saved = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}
