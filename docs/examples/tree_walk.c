/* SPDX-License-Identifier: MIT */
/* The tasks of tree.c: reading directories, digesting files. */
#define _GNU_SOURCE
#include "tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    READ_BYTES = 256 << 10,
    BATCH_FILES = 64, /* that one task digests */
    BATCH_BYTES = 4096,
    OPEN_TASKS = 4096, /* beyond them a task does its children's work */
};

/* What a task is given: a directory, or some of the files in one. */
struct job {
    struct tree *tree;
    struct job *next;
    size_t files, used;
    char text[]; /* the directory's path, then the files' names */
};

/* What a task needs in each of its functions. */
struct walk {
    filch_ctx *cx; /* NULL in a serial run */
    struct tree *tree;
    const char *directory;
    int fd;
    struct total *sum;
    struct job *batch; /* files that nobody digests yet */
    struct job *later; /* sub-directories to do when this one is closed */
};

sigset_t tree_interrupts(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    return set;
}

/* Should this task end early? */
static int is_stopping(const struct walk *w)
{
    if (w->cx)
        return filch_stopping(w->cx);
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGINT);
}

static void add_digest(struct total *sum, uint64_t low, uint64_t high)
{
    sum->low += low;
    sum->high += high + (sum->low < low);
}

void tree_add(struct total *sum, const struct total *part)
{
    add_digest(sum, part->low, part->high);
    sum->files += part->files;
    sum->bytes += part->bytes;
    sum->errors += part->errors;
    sum->skipped += part->skipped;
}

void tree_show_progress(struct tree *tree)
{
    if (!tree->has_terminal || filch_now() < tree->shown + FILCH_MS(100))
        return;
    tree->shown = filch_now();
    (void)fprintf(stderr, "\r\033[K%" PRIu64 " files, %" PRIu64 " MiB",
        tree->total.files, tree->total.bytes >> 20);
}

/* A line on stderr, which may show progress; names can hold anything. */
static void complain(struct walk *w, const char *name, int error)
{
    char text[PATH_MAX + 256];
    (void)snprintf(text, sizeof text, "tree: %s%s%s: %s", w->directory,
        *name ? "/" : "", name, strerror(error));
    for (char *s = text; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            *s = '?';
    (void)fprintf(
        stderr, w->tree->has_terminal ? "\r\033[K%s\n" : "%s\n", text);
    w->sum->errors++;
}

/* What may block is marked: meanwhile, a spare worker takes over. */
static int open_at(int directory, const char *name, int flags)
{
    int fd = -1;
    filch_blocking {
        fd = openat(directory, name, flags | O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

static ssize_t read_some(int fd, unsigned char *buffer)
{
    ssize_t n = -1;
    filch_blocking {
        n = read(fd, buffer, READ_BYTES);
    }
    return n;
}

static const struct dirent *next_entry(DIR *entries)
{
    const struct dirent *entry = NULL;
    filch_blocking {
        errno = 0;
        entry = readdir(entries);
    }
    return entry;
}

/* Feeds all of a file to `state`: 0, an errno, or ECANCELED to end early. */
static int read_content(
    const struct walk *w, int fd, XXH3_state_t *state, uint64_t *bytes)
{
    unsigned char buffer[READ_BYTES]; /* a worker's stack has room for it */
    while (!is_stopping(w)) {
        ssize_t n = read_some(fd, buffer);
        if (n <= 0)
            return n < 0 ? errno : 0;
        (void)XXH3_128bits_update(state, buffer, (size_t)n);
        *bytes += (uint64_t)n;
    }
    return ECANCELED;
}

/* The content's digest and the size, bound to the path below the root. */
static void add_file(
    struct walk *w, const char *name, XXH3_state_t *state, uint64_t bytes)
{
    XXH128_canonical_t content;
    unsigned char size[8];
    const char *directory = w->directory + strlen(w->tree->root);
    XXH128_canonicalFromHash(&content, XXH3_128bits_digest(state));
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(bytes >> (8 * i));
    (void)XXH3_128bits_reset(state);
    (void)XXH3_128bits_update(state, directory, strlen(directory));
    (void)XXH3_128bits_update(state, "/", 1);
    (void)XXH3_128bits_update(state, name, strlen(name) + 1);
    (void)XXH3_128bits_update(state, size, sizeof size);
    (void)XXH3_128bits_update(state, &content, sizeof content);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    add_digest(w->sum, hash.low64, hash.high64);
    w->sum->files++;
    w->sum->bytes += bytes;
}

/* Digests an open file: 0, an errno, ECANCELED, or ENOTSUP for what is no
 * longer the regular file that the directory told of. */
static int digest_open(struct walk *w, const char *name, int fd)
{
    struct stat status;
    uint64_t bytes = 0;
    if (fstat(fd, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return ENOTSUP;
    XXH3_state_t *state = XXH3_createState();
    int error = ENOMEM;
    if (state && XXH3_128bits_reset(state) == XXH_OK)
        error = read_content(w, fd, state, &bytes);
    if (!error)
        add_file(w, name, state, bytes);
    XXH3_freeState(state);
    return error;
}

static void digest_file(struct walk *w, const char *name)
{
    int fd = open_at(w->fd, name, O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    int error = fd < 0 ? errno : digest_open(w, name, fd);
    if (error == ENOTSUP)
        w->sum->skipped++;
    else if (error && error != ECANCELED)
        complain(w, name, error);
    if (fd >= 0)
        (void)close(fd);
}

static void digest_batch(struct walk *w, const struct job *batch)
{
    const char *name = batch->text + strlen(batch->text) + 1;
    for (size_t i = 0; i < batch->files && !is_stopping(w); i++) {
        digest_file(w, name);
        name += strlen(name) + 1;
    }
}

/* A job for the directory `parent`/`name`, with room for files' names. */
static struct job *new_job(
    struct tree *tree, const char *parent, const char *name, size_t room)
{
    size_t length = strlen(parent) + (*name != '\0') + strlen(name) + 1;
    struct job *job = malloc(sizeof *job + length + room);
    if (!job)
        return NULL;
    *job = (struct job){.tree = tree, .used = length};
    (void)sprintf(job->text, *name ? "%s/%s" : "%s%s", parent, name);
    return job;
}

int tree_submit(struct tree *tree, filch_executor *ex, filch_task *fn,
    struct job *job, struct total *sum)
{
    filch_future *f = NULL;
    struct total part;
    int rc = filch_submit_with(
        &f, ex, fn, job, &(struct filch_submit_options){.arg_destroy = free});
    if (rc != 0)
        return rc;
    rc = filch_completion_queue_add(tree->done, f, NULL);
    if (rc != 0) { /* no memory for that: wait for the outcome here */
        rc = filch_future_result(f, FILCH_FOREVER, &part, sizeof part);
        if (rc == 0)
            tree_add(sum, &part);
    }
    filch_future_release(f);
    return rc;
}

/* Are so few tasks open that memory has room for another? */
static int has_room(const struct walk *w)
{
    return w->cx && filch_completion_queue_pending(w->tree->done) < OPEN_TASKS;
}

static void submit_child(struct walk *w, filch_task *fn, struct job *job)
{
    int rc = tree_submit(w->tree, filch_ctx_executor(w->cx), fn, job, w->sum);
    if (rc != 0 && !is_stopping(w))
        complain(w, "", -rc);
}

/* Opens a directory, a symbolic link only if it is the root. */
static int open_directory(struct walk *w)
{
    const char *path = *w->directory ? w->directory : "/";
    int is_root = strcmp(w->directory, w->tree->root) == 0;
    w->fd = open_at(
        AT_FDCWD, path, is_root ? O_DIRECTORY : O_DIRECTORY | O_NOFOLLOW);
    if (w->fd < 0)
        complain(w, "", errno);
    return w->fd;
}

/* A task: digests some of the files in a directory. */
static int digest(filch_ctx *cx, void *arg, void *result)
{
    struct job *job = arg;
    struct walk w = {
        .cx = cx, .tree = job->tree, .directory = job->text, .sum = result};
    if (open_directory(&w) >= 0) {
        digest_batch(&w, job);
        (void)close(w.fd);
    }
    return 0;
}

static void hand_over_batch(struct walk *w)
{
    struct job *batch = w->batch;
    w->batch = NULL;
    if (has_room(w)) {
        submit_child(w, digest, batch);
    } else {
        digest_batch(w, batch);
        free(batch);
    }
}

static void take_file(struct walk *w, const char *name)
{
    size_t start = strlen(w->directory) + 1, length = strlen(name) + 1;
    if (w->batch && (w->batch->files == BATCH_FILES ||
                        w->batch->used + length > start + BATCH_BYTES))
        hand_over_batch(w);
    if (!w->batch)
        w->batch = new_job(w->tree, w->directory, "", BATCH_BYTES);
    if (!w->batch) {
        complain(w, name, ENOMEM);
        return;
    }
    memcpy(w->batch->text + w->batch->used, name, length);
    w->batch->used += length;
    w->batch->files++;
}

static void take_directory(struct walk *w, const char *name)
{
    struct job *job = new_job(w->tree, w->directory, name, 0);
    if (!job) {
        complain(w, name, ENOMEM);
    } else if (has_room(w)) {
        submit_child(w, tree_visit, job);
    } else { /* later: no more than one directory is open at a time */
        job->next = w->later;
        w->later = job;
    }
}

static void take_entry(struct walk *w, const char *name, int type)
{
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if (type == DT_UNKNOWN) {
        if (fstatat(w->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            complain(w, name, errno);
            return;
        }
        type = (int)IFTODT(status.st_mode);
    }
    if (type == DT_DIR)
        take_directory(w, name);
    else if (type == DT_REG)
        take_file(w, name);
    else
        w->sum->skipped++;
}

static void take_entries(struct walk *w, DIR *entries)
{
    const struct dirent *entry = NULL;
    errno = 0;
    while (!is_stopping(w) && (entry = next_entry(entries))) {
        take_entry(w, entry->d_name, entry->d_type);
        if (!w->cx)
            tree_show_progress(w->tree);
    }
    if (!entry && errno)
        complain(w, "", errno);
    if (w->batch)
        digest_batch(w, w->batch);
    free(w->batch);
}

static void visit_entries(struct walk *w)
{
    if (open_directory(w) < 0)
        return;
    DIR *entries = fdopendir(w->fd);
    if (entries) {
        take_entries(w, entries);
        (void)closedir(entries);
    } else {
        complain(w, "", errno);
        (void)close(w->fd);
    }
}

/* Goes as deep as the tree: a few hundred bytes of stack per level. */
static void visit_here(struct walk *w, struct job *job)
{
    (void)tree_visit(w->cx, job, w->sum);
    free(job);
}

int tree_visit(filch_ctx *cx, void *arg, void *result)
{
    struct job *job = arg;
    struct walk w = {
        .cx = cx, .tree = job->tree, .directory = job->text, .sum = result};
    visit_entries(&w);
    while ((job = w.later)) {
        w.later = job->next;
        if (is_stopping(&w))
            free(job);
        else if (has_room(&w)) /* there is again */
            submit_child(&w, tree_visit, job);
        else
            visit_here(&w, job);
    }
    return 0;
}

struct job *tree_root_job(struct tree *tree)
{
    return new_job(tree, tree->root, "", 0);
}
