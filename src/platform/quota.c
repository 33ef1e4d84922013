/* SPDX-License-Identifier: MIT */
/* The CPU quotas of control groups: fl_cpu_quota(). */
#define _GNU_SOURCE
#include "platform/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    NO_QUOTA = INT_MAX,
    DEFAULT_PERIOD_US = 100000,
    READ_START_BYTES = 4096,
    READ_MOST_BYTES = 16 << 20, /* a file that never ends is no answer */
};

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* Doubles the buffer; frees it and returns NULL if that cannot be done. */
static char *grow(char *buffer, size_t *size)
{
    char *larger = NULL;
    if (*size < READ_MOST_BYTES)
        larger = realloc(buffer, *size *= 2);
    if (!larger)
        free(buffer);
    return larger;
}

/* All of a file of unknown size (they report 0), as a string to free(). */
static char *read_to_end(int fd)
{
    size_t size = READ_START_BYTES, used = 0;
    char *text = malloc(size);
    while (text) {
        ssize_t n = read(fd, text + used, size - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += (size_t)n;
        if (used == size - 1)
            text = grow(text, &size);
    }
    if (text)
        text[used] = '\0';
    return text;
}

/* The file whose path is printed by `format`: a string to free(), or NULL. */
__attribute__((__format__(__printf__, 1, 2))) static char *slurp(
    const char *format, ...)
{
    char *path = NULL, *text = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&path, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (fd < 0)
        return NULL;
    text = read_to_end(fd);
    (void)close(fd);
    return text;
}

/* A decimal number, or -1; `*text` moves behind it. */
static int64_t parse_number(const char **text)
{
    const char *s = *text;
    int64_t n = 0;
    for (; *s >= '0' && *s <= '9' && n < INT64_MAX / 20; s++)
        n = n * 10 + (*s - '0');
    int ended = *s == '\0' || *s == ' ' || *s == '\n';
    *text = s;
    return ended ? n : -1;
}

static int whole_cpus(int64_t quota_us, int64_t period_us)
{
    if (quota_us <= 0 || period_us <= 0)
        return NO_QUOTA;
    int64_t cpus = quota_us / period_us + (quota_us % period_us != 0);
    return cpus < NO_QUOTA ? (int)cpus : NO_QUOTA;
}

/* "150000 100000", or "max 100000", which does not parse. */
static int quota_v2(const char *directory)
{
    char *text = slurp("%s/cpu.max", directory);
    if (!text)
        return NO_QUOTA;
    const char *s = text;
    int64_t quota_us = parse_number(&s), period_us = DEFAULT_PERIOD_US;
    if (*s == ' ') {
        s++;
        period_us = parse_number(&s);
    }
    free(text);
    return whole_cpus(quota_us, period_us);
}

/* The quota is -1 if there is none, which does not parse. */
static int quota_v1(const char *directory)
{
    char *quota = slurp("%s/cpu.cfs_quota_us", directory);
    char *period = slurp("%s/cpu.cfs_period_us", directory);
    int cpus = NO_QUOTA;
    if (quota && period) {
        const char *q = quota, *p = period;
        cpus = whole_cpus(parse_number(&q), parse_number(&p));
    }
    free(quota);
    free(period);
    return cpus;
}

/* Is `word` one of a comma-separated list? */
static int has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t n = strcspn(list, ",");
        if (n == length && strncmp(list, word, n) == 0)
            return 1;
        list += n + (list[n] == ',');
    }
    return 0;
}

/* Where the process is in each hierarchy that may hold a quota. */
struct place {
    const char *v1; /* path, or NULL */
    const char *v2;
};

/* Lines of /proc/self/cgroup: "4:cpu,cpuacct:/a/b", for v2 "0::/a/b". */
static struct place find_place(char *cgroup)
{
    struct place place = {NULL, NULL};
    for (char *line; (line = strsep(&cgroup, "\n"));) {
        (void)strsep(&line, ":");
        const char *controllers = strsep(&line, ":");
        if (!controllers || !line)
            continue;
        if (controllers[0] == '\0')
            place.v2 = line;
        else if (has_word(controllers, "cpu"))
            place.v1 = line;
    }
    return place;
}

/* "\040" and the like become the byte they stand for, in place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
            *to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + s[3] - '0');
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

/* A line of /proc/self/mountinfo, as far as it matters. */
struct mount {
    char *top;   /* the group that its mount point shows */
    char *point; /* where */
    const char *type;
    const char *options;
};

/* "31 23 0:28 /top /point rw shared:5 - type source options" */
static int parse_mount(char *line, struct mount *m)
{
    char *tail = strstr(line, " - ");
    if (!tail)
        return 0;
    *tail = '\0';
    tail += 3;
    for (int skipped = 0; skipped < 3; skipped++)
        (void)strsep(&line, " ");
    m->top = strsep(&line, " ");
    m->point = strsep(&line, " ");
    m->type = strsep(&tail, " ");
    (void)strsep(&tail, " ");
    m->options = tail;
    if (!m->point || !m->options)
        return 0;
    unescape(m->top);
    unescape(m->point);
    return 1;
}

static int starts_with_parent(const char *path)
{
    return strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\0');
}

/*
 * Where below a mount, that shows the group `top`, is the group `path`? NULL:
 * it is not there. In a cgroup namespace both are relative to its root, and a
 * mount made outside of it has a top such as "/../..": then only that top is
 * known to be an ancestor, the names between are hidden.
 */
static const char *below(const char *top, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "";
    size_t n = strcmp(top, "/") == 0 ? 0 : strlen(top);
    if (strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0'))
        return starts_with_parent(path + n) ? NULL : path + n;
    while (starts_with_parent(top))
        top += 3;
    return *top == '\0' ? "" : NULL;
}

/* The tightest quota from the group `path` up to the top of its mount. */
static int mount_quota(const char *root, const struct mount *m,
    const char *path, int (*quota_of)(const char *directory))
{
    const char *rest = path ? below(m->top, path) : NULL;
    char *directory = NULL;
    if (!rest || asprintf(&directory, "%s%s%s", root, m->point, rest) < 0)
        return NO_QUOTA;
    size_t top_length = strlen(directory) - strlen(rest);
    int cpus = quota_of(directory);
    while (strlen(directory) > top_length) {
        *strrchr(directory, '/') = '\0';
        cpus = min_int(cpus, quota_of(directory));
    }
    free(directory);
    return cpus;
}

static int line_quota(const char *root, char *line, struct place place)
{
    struct mount m;
    if (!parse_mount(line, &m))
        return NO_QUOTA;
    if (strcmp(m.type, "cgroup2") == 0)
        return mount_quota(root, &m, place.v2, quota_v2);
    if (strcmp(m.type, "cgroup") == 0 && has_word(m.options, "cpu"))
        return mount_quota(root, &m, place.v1, quota_v1);
    return NO_QUOTA;
}

int fl_cpu_quota(const char *root)
{
    char *cgroup = slurp("%s/proc/self/cgroup", root);
    char *mounts = slurp("%s/proc/self/mountinfo", root);
    int cpus = NO_QUOTA;
    if (cgroup && mounts) {
        struct place place = find_place(cgroup);
        char *rest = mounts;
        for (char *line; (line = strsep(&rest, "\n"));)
            cpus = min_int(cpus, line_quota(root, line, place));
    }
    free(cgroup);
    free(mounts);
    return cpus;
}
