/* SPDX-License-Identifier: MIT */
/*
 * tree: a digest of every file below a directory, in parallel.
 *
 *     tree [--serial | --both] [--workers N] [DIR]
 *
 * A task per directory reads its entries, submits a task per sub-directory
 * and per handful of files, and digests the files that remain itself. What a
 * task found is its result; the main thread takes the results in the order in
 * which they complete and adds them up, and watches for Ctrl-C meanwhile.
 *
 * A file's digest is XXH3 (128 bits) of its path below DIR, its size and its
 * content; the tree's digest is the sum of those, modulo 2^128. A sum does
 * not depend on the order of its terms, so it is the same for any number of
 * workers, and nothing has to be kept or sorted. (It tells accidents, not
 * attacks: xxHash is not cryptographic.) Symbolic links are not followed;
 * what is neither file nor directory is counted as skipped; what cannot be
 * read is reported, counted, and otherwise ignored.
 */
#define _GNU_SOURCE
#include "tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    EXIT_INTERRUPTED = 130,
};

/* Adds what a task found to what all did. */
static void take_result(struct tree *tree, filch_future *f)
{
    struct total part;
    struct filch_failure failure;
    if (filch_future_result(f, FILCH_POLL, &part, sizeof part) == 0)
        tree_add(&tree->total, &part);
    else if (filch_future_failure(f, FILCH_POLL, &failure) != -ECANCELED) {
        (void)fprintf(stderr, "tree: %s: %s\n", failure.task, failure.message);
        tree->total.errors++;
    }
    filch_future_release(f);
}

/* After the first Ctrl-C the next one ends the program at once. */
static void interrupt(struct tree *tree, filch_executor *ex, int signals)
{
    struct signalfd_siginfo info;
    sigset_t set = tree_interrupts();
    if (read(signals, &info, sizeof info) != sizeof info)
        return;
    tree->was_interrupted = 1;
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)filch_executor_shutdown(
        ex, FILCH_CANCEL_PENDING | FILCH_STOP_RUNNING, FILCH_POLL);
}

/*
 * Takes results until there are no more to come: a task adds its children to
 * the queue before it is in there itself as finished, so the queue is empty
 * only at the end, also after a Ctrl-C.
 */
static void collect(struct tree *tree, filch_executor *ex, int signals)
{
    filch_future *f;
    struct pollfd polled[] = {
        {.fd = filch_completion_queue_fd(tree->done), .events = POLLIN},
        {.fd = signals, .events = POLLIN}};
    for (;;) {
        int rc = filch_completion_queue_next(tree->done, FILCH_POLL, &f, NULL);
        if (rc == 1)
            take_result(tree, f);
        else if (rc != -ETIMEDOUT)
            break;
        /* Without a descriptor for the queue, look again now and then. */
        int is_timed = tree->has_terminal || polled[0].fd < 0;
        int timeout_ms = rc == 1 ? 0 : is_timed ? 100 : -1;
        if (poll(polled, 2, timeout_ms) > 0 && (polled[1].revents & POLLIN))
            interrupt(tree, ex, signals);
        tree_show_progress(tree);
    }
}

static void run_parallel(struct tree *tree, struct job *root, int signals)
{
    filch_with (ex, .name = "tree", .workers = tree->workers) {
        tree->workers = filch_executor_workers(ex);
        int rc = tree_submit(tree, ex, tree_visit, root, &tree->total);
        if (rc == 0)
            collect(tree, ex, signals);
        else
            (void)fprintf(stderr, "tree: %s\n", filch_strerror(rc));
        tree->total.errors += rc != 0;
    }
}

static void run_serial(struct tree *tree, struct job *root, int signals)
{
    struct signalfd_siginfo info;
    (void)tree_visit(NULL, root, &tree->total);
    free(root);
    if (read(signals, &info, sizeof info) == sizeof info)
        tree->was_interrupted = 1;
}

/* Walks the tree once: 0, or why that could not begin. */
static int run(struct tree *tree, int signals)
{
    struct job *root = tree_root_job(tree);
    int rc = root ? filch_completion_queue_open(&tree->done) : -ENOMEM;
    if (rc != 0) {
        free(root);
        return rc;
    }
    int64_t start = filch_now();
    if (tree->is_serial)
        run_serial(tree, root, signals);
    else
        run_parallel(tree, root, signals);
    tree->elapsed = filch_now() - start;
    filch_completion_queue_close(tree->done);
    if (tree->has_terminal)
        (void)fputs("\r\033[K", stderr);
    return 0;
}

static void print_head(void)
{
    (void)printf("%-8s %7s  %-32s %9s %15s %7s %7s %9s %8s\n", "run", "workers",
        "digest", "files", "bytes", "errors", "skipped", "seconds", "speed-up");
}

/* One line of the report; `serial` is the run to compare with, or NULL. */
static void print_run(const struct tree *tree, const struct tree *serial)
{
    const struct total *sum = &tree->total;
    char digest[33] = "interrupted", speed_up[16] = "-";
    double seconds = (double)tree->elapsed / 1e9;
    if (!tree->was_interrupted)
        (void)snprintf(digest, sizeof digest, "%016" PRIx64 "%016" PRIx64,
            sum->high, sum->low);
    if (serial && !tree->was_interrupted)
        (void)snprintf(speed_up, sizeof speed_up, "%.2f",
            (double)serial->elapsed / (double)tree->elapsed);
    (void)printf("%-8s %7d  %-32s %9" PRIu64 " %15" PRIu64 " %7" PRIu32
                 " %7" PRIu32 " %9.3f %8s\n",
        tree->is_serial ? "serial" : "parallel", tree->workers, digest,
        sum->files, sum->bytes, sum->errors, sum->skipped, seconds, speed_up);
    (void)fflush(stdout);
}

/* Runs and prints one line: 0 or an exit status. */
static int report(struct tree *tree, const struct tree *serial, int signals)
{
    int rc = run(tree, signals);
    if (rc != 0) {
        (void)fprintf(stderr, "tree: %s\n", filch_strerror(rc));
        return EXIT_FAILURE;
    }
    print_run(tree, serial);
    return tree->was_interrupted ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}

struct options {
    int serial, parallel, workers;
    char *directory;
};

/* 0, or -1 for a command line that makes no sense. */
static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {{"serial", no_argument, NULL, 's'},
        {"both", no_argument, NULL, 'b'},
        {"workers", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
    static char directory[] = "/usr/share";
    char *end = directory;
    *options = (struct options){.parallel = 1, .directory = directory};
    for (int c; (c = getopt_long(argc, argv, "sbw:", known, NULL)) != -1;) {
        long n = c == 'w' ? strtol(optarg, &end, 10) : 1;
        if (c == '?' || n < 1 || n > FILCH_WORKERS_MAX)
            return -1;
        if (c == 'w')
            options->workers = *end ? -1 : (int)n;
        else
            options->serial = 1;
        if (c == 's')
            options->parallel = 0;
    }
    if (optind < argc)
        options->directory = argv[optind++];
    return optind == argc && *options->directory && options->workers >= 0 ? 0
                                                                          : -1;
}

/* Can the directory be read at all? "a/b///" becomes "a/b", "/" "". */
static int prepare(char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)fprintf(stderr, "tree: %s: %s\n", directory, strerror(errno));
        return -1;
    }
    (void)close(fd);
    for (size_t n = strlen(directory); n > 0 && directory[n - 1] == '/'; n--)
        directory[n - 1] = '\0';
    return 0;
}

static int is_same(const struct total *a, const struct total *b)
{
    return a->low == b->low && a->high == b->high;
}

/* The runs that were asked for: an exit status. */
static int compare(const struct options *options, int signals)
{
    struct tree serial = {.root = options->directory,
        .is_serial = 1,
        .workers = 1,
        .has_terminal = isatty(2)};
    struct tree parallel = {.root = options->directory,
        .workers = options->workers,
        .has_terminal = isatty(2)};
    int status = EXIT_SUCCESS;
    print_head();
    if (options->serial)
        status = report(&serial, NULL, signals);
    if (options->parallel && status == EXIT_SUCCESS)
        status = report(&parallel, options->serial ? &serial : NULL, signals);
    if (options->serial && options->parallel && status == EXIT_SUCCESS &&
        !is_same(&serial.total, &parallel.total)) {
        (void)fputs("tree: digests differ: did a file change?\n", stderr);
        status = EXIT_FAILURE;
    }
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    if (parse(argc, argv, &options) != 0) {
        (void)fprintf(stderr,
            "usage: %s [--serial | --both] [--workers 1..%d] [DIR]\n", argv[0],
            FILCH_WORKERS_MAX);
        return 2;
    }
    if (prepare(options.directory) != 0)
        return EXIT_FAILURE;
    sigset_t set = tree_interrupts();
    (void)signal(SIGINT, SIG_DFL); /* for the second Ctrl-C */
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals < 0) {
        perror("tree: signalfd");
        return EXIT_FAILURE;
    }
    int status = compare(&options, signals);
    (void)close(signals);
    return status;
}
