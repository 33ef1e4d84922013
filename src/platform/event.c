/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/event.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

int fl_event_open(void)
{
    int saved = errno;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = fd < 0 ? -errno : fd;
    errno = saved;
    return rc;
}

void fl_event_set(int fd)
{
    int saved = errno;
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
    errno = saved;
}

void fl_event_clear(int fd)
{
    int saved = errno;
    uint64_t count;
    ssize_t got;
    do
        got = read(fd, &count, sizeof count);
    while (got < 0 && errno == EINTR);
    errno = saved;
}

void fl_event_close(int fd)
{
    int saved = errno;
    close(fd);
    errno = saved;
}
