/* SPDX-License-Identifier: MIT */
/*
 * directory_size: the bytes of all files below a directory.
 *
 *     directory_size DIR [WORKERS]
 *
 * A fork per directory. Its name, and the descriptor of the one it is in, are
 * needed until the join. What may block is marked (filch_blocking): meanwhile
 * the forks that are waiting here are for others to take. A file with two
 * names counts twice, symbolic links are not followed. What cannot be read
 * ends it: the first failure goes up through the joins.
 */
#define _GNU_SOURCE
#include "compare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A sub-directory, until it is joined. */
struct below {
    struct below *next;
    char name[];
};

static int push(struct below **below, const char *name)
{
    struct below *added = malloc(sizeof *added + strlen(name) + 1);
    if (!added)
        return -ENOMEM;
    strcpy(added->name, name);
    added->next = *below;
    *below = added;
    return 1;
}

static struct below *pop(struct below *below)
{
    struct below *next = below->next;
    free(below);
    return next;
}

/* 0, or a negative code. */
static int open_directory(DIR **entries, int in, const char *name)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    filch_blocking {
        int fd = openat(in, name, flags | (in < 0 ? 0 : O_NOFOLLOW));
        if (fd >= 0 && (*entries = fdopendir(fd)))
            return 0;
        int rc = -errno;
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    return 0;
}

/* Adds up files until there is a directory among them: 1, and it is pushed. 0
 * at the end, or a negative code. */
static int read_entries(DIR *entries, int64_t *bytes, struct below **below)
{
    struct stat info;
    filch_blocking {
        for (const struct dirent *entry;
             errno = 0, (entry = readdir(entries));) {
            const char *name = entry->d_name;
            if (!strcmp(name, ".") || !strcmp(name, ".."))
                continue;
            if (fstatat(dirfd(entries), name, &info, AT_SYMLINK_NOFOLLOW))
                return -errno;
            if (S_ISDIR(info.st_mode))
                return push(below, name);
            if (S_ISREG(info.st_mode))
                *bytes += info.st_size;
        }
        return -errno;
    }
    return 0;
}

/* Either may be a negative code. */
static int64_t add(int64_t total, int64_t part)
{
    return part < 0 ? part : total < 0 ? total : total + part;
}

static int64_t measure_serial(int in, const char *name)
{
    DIR *entries = NULL;
    struct below *below = NULL;
    int64_t bytes = 0, total = 0;
    int rc = open_directory(&entries, in, name);
    if (rc)
        return rc;
    for (; (rc = read_entries(entries, &bytes, &below)) > 0; below = pop(below))
        total = add(total, measure_serial(dirfd(entries), below->name));
    (void)closedir(entries);
    return add(total, rc < 0 ? rc : bytes);
}

FILCH_TASK(int64_t, measure, int, in, const char *, name)
{
    DIR *entries = NULL;
    struct below *below = NULL;
    int64_t total = 0;
    int rc = open_directory(&entries, in, name);
    if (rc)
        return filch_failf(cx, rc, "%s: %s", name, filch_strerror(rc));
    while ((rc = read_entries(entries, &total, &below)) > 0)
        measure_fork(&cx, dirfd(entries), below->name);
    if (rc)
        total = filch_failf(cx, rc, "in %s: %s", name, filch_strerror(rc));
    for (; below; below = pop(below)) /* the last that was forked first */
        total = add(total, measure_join(&cx));
    (void)closedir(entries);
    return total;
}

int main(int argc, char **argv)
{
    struct number workers = {"WORKERS", 0, FILCH_WORKERS_MAX, 0};
    if (argc < 2 || compare_read(&workers, 1, argv + 2))
        return compare_usage("directory_size DIR", &workers, 1);
    int64_t start = filch_now();
    int64_t expected = measure_serial(AT_FDCWD, argv[1]);
    int64_t serial = filch_now() - start;

    filch_with (ex, .name = "size", .workers = (int)workers.value) {
        int64_t bytes = 0;
        start = filch_now();
        int rc = measure_run(ex, &bytes, AT_FDCWD, argv[1]);
        int64_t parallel = filch_now() - start;
        if (rc || bytes < 0) {
            rc = rc ? rc : (int)bytes;
            (void)fprintf(
                stderr, "directory_size: %s\n", filch_error_message(rc));
            return EXIT_FAILURE;
        }
        (void)printf("%lld bytes\n", (long long)bytes);
        return compare_print(
            serial, parallel, filch_executor_workers(ex), bytes == expected);
    }
}
