/* SPDX-License-Identifier: MIT */
/*
 * Runs a function in a child process: its exit status and standard error.
 * Call it before the test has opened an executor, unless the test is about
 * fork().
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include "feature.h"

#include "patience.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    int status; /* as waitpid() gives it */
    char err[8192];
};

static inline size_t read_all(int fd, char *text, size_t size)
{
    size_t used = 0;
    for (;;) {
        char spill[256];
        int full = used + 1 >= size;
        ssize_t n = read(fd, full ? spill : text + used,
            full ? sizeof spill : size - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += full ? 0 : (size_t)n;
    }
    text[used] = '\0';
    return used;
}

/** The body's return value is the exit status. */
static inline void run_child(
    struct child *child, int (*body)(void *arg), void *arg)
{
    int err[2];
    MUST(pipe(err) == 0);
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(err[1], STDERR_FILENO);
        close(err[0]);
        close(err[1]);
        alarm(30);
        _exit(body(arg));
    }
    close(err[1]);
    read_all(err[0], child->err, sizeof child->err);
    close(err[0]);
    while (waitpid(pid, &child->status, 0) < 0)
        MUST(errno == EINTR);
}

#endif
