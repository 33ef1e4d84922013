/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/process.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Written only by the one thread of a new child. */
static uint32_t generation = 1;

static pthread_mutex_t watch_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_watching; /* under the mutex */
static void (*in_child)(void);

static void enter_child(void)
{
    generation++;
    pthread_mutex_init(&watch_mutex, NULL);
    in_child();
}

uint32_t fl_process_generation(void)
{
    return generation;
}

int fl_process_watch_forks(void (*child)(void))
{
    int rc = 0;
    pthread_mutex_lock(&watch_mutex);
    if (!is_watching) {
        in_child = child;
        rc = -pthread_atfork(NULL, NULL, enter_child);
        is_watching = !rc;
    }
    pthread_mutex_unlock(&watch_mutex);
    return rc;
}

void fl_process_complain(const char *line, size_t bytes)
{
    int saved = errno;
    ssize_t written = write(STDERR_FILENO, line, bytes);
    (void)written;
    errno = saved;
}

void fl_process_complain_of(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (bytes >= (int)sizeof line) {
        bytes = sizeof line - 1;
        line[bytes - 1] = '\n';
    }
    if (bytes > 0)
        fl_process_complain(line, (size_t)bytes);
}
