/* SPDX-License-Identifier: MIT */
/* What tree.c (runs, reports) and tree_walk.c (tasks) share. */
#ifndef TREE_WALK_H
#define TREE_WALK_H

#include <filch.h>
#include <signal.h>

/* What a task found: the result that it leaves in its future. */
struct total {
    uint64_t low, high; /* the sum of the digests */
    uint64_t files, bytes;
    uint32_t errors, skipped;
};
_Static_assert(sizeof(struct total) <= FILCH_RESULT_MAX, "fits in a future");

/* One run over the tree. */
struct tree {
    const char *root; /* without slashes at its end */
    int workers;      /* 0: as many as the executor likes */
    int is_serial;    /* no executor */
    int has_terminal; /* on stderr, for the progress */
    filch_completion_queue *done;
    struct total total;     /* main thread only */
    int64_t elapsed, shown; /* nanoseconds; last progress */
    int was_interrupted;
};

/* What a task is given: a directory, or some of the files in one. */
struct job;

/* Allocates the job for the root. NULL: no memory. free() it. */
struct job *tree_root_job(struct tree *tree);

/* A task: digests what is in a directory, or submits it. */
int tree_visit(filch_ctx *cx, void *arg, void *result);

/*
 * Hands a job to the executor, which frees it whatever becomes of it, and its
 * outcome to the main thread. 0, or why there will be no outcome.
 */
int tree_submit(struct tree *tree, filch_executor *ex, filch_task *fn,
    struct job *job, struct total *sum);

/* Adds to a sum. */
void tree_add(struct total *sum, const struct total *part);

/* A line on stderr if that is a terminal, at most ten times a second. */
void tree_show_progress(struct tree *tree);

/* The signals that end a run. */
sigset_t tree_interrupts(void);

#endif
