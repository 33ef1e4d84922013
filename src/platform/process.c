/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/process.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

/* Written only by the one thread of a new child. */
static uint32_t generation = 1;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;
static int watch_error;

static void count_fork(void)
{
    generation++;
}

static void watch(void)
{
    watch_error = -pthread_atfork(NULL, NULL, count_fork);
}

uint32_t fl_process_generation(void)
{
    return generation;
}

int fl_process_watch_forks(void)
{
    pthread_once(&watch_once, watch);
    return watch_error;
}

void fl_process_complain(const char *line, size_t bytes)
{
    int saved = errno;
    ssize_t written = write(STDERR_FILENO, line, bytes);
    (void)written;
    errno = saved;
}
