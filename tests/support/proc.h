/* SPDX-License-Identifier: MIT */
/*
 * What the process has: threads, file descriptors, and what a thread does.
 */
#ifndef TESTS_PROC_H
#define TESTS_PROC_H

#include "feature.h"

#include "patience.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

static inline int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    MUST(dir != NULL);
    int count = 0;
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static inline int count_threads(void)
{
    return count_entries("/proc/self/task");
}

/** Open descriptors (one more than there are: the directory's own). */
static inline int count_fds(void)
{
    return count_entries("/proc/self/fd");
}

/** Whether the kernel has thread @p tid asleep at this moment. */
static inline bool is_asleep(pid_t tid)
{
    char path[64];
    char state = 'R';
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    FILE *stat = fopen(path, "r");
    if (stat == NULL)
        return false;
    if (fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
        state = 'R';
    fclose(stat);
    return state == 'S';
}

#endif
