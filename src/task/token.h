/* SPDX-License-Identifier: MIT */
/*
 * Cancellation tokens: a tree. Who cancels one cancels all below it; a running
 * task asks its own token's word. See README.md, [TOKEN-...].
 */
#ifndef FL_TASK_TOKEN_H
#define FL_TASK_TOKEN_H

#include <filch/token.h>

#include <stdbool.h>

#include "concurrent/atomic.h"
#include "task/timer.h"

struct fl_plan;

/* Bits of a token's word; only added. */
enum { FL_TOKEN_CANCELLED = 1, FL_TOKEN_EXPIRED = 2 };

/* See the head. */
struct filch_token {
    _Atomic uint32_t word;       /* any thread, atomic */
    _Atomic uint32_t references; /* any thread, atomic */
    uint32_t generation;         /* immutable: see fl_process_generation() */
    struct filch_token *parent;  /* immutable; has a reference; NULL: a root */
    struct filch_token *root;    /* immutable: of its tree; perhaps itself */
    struct fl_timer timer;       /* of its deadline, in the common heap */
    /* the root's tree lock */
    struct filch_token *child; /* the newest */
    struct filch_token *next, *previous;
    /* its own lock */
    struct fl_lock lock;
    struct fl_plan *pending; /* tasks that have not started, newest first */
    /* of a root only */
    struct fl_lock tree_lock;
    _Atomic bool is_overdue; /* someone was cancelled in a signal handler */
};

/* Any thread with a reference. Wait-free. Nonzero: it is cancelled. */
static inline uint32_t fl_token_word(struct filch_token *token)
{
    /* relaxed: it carries nothing but itself */
    return load_relaxed(&token->word);
}

/* Any thread with a reference. */
static inline void fl_token_retain(struct filch_token *token)
{
    /* relaxed: the caller has a reference, which keeps it alive */
    fetch_add_relaxed(&token->references, 1);
}

/* Any thread. Gives up a reference; allowed for NULL. */
void fl_token_release(struct filch_token *token);

/* See filch_token_open(); the caller watches for forks. */
int fl_token_open(
    struct filch_token **token, struct filch_token *parent, int64_t deadline);
/* See filch_token_cancel(). */
void fl_token_cancel(struct filch_token *token);
/* See filch_token_cancel_in_signal(). */
void fl_token_mark_in_signal(struct filch_token *token);

/* The submitter. The task of the plan is to be cancelled with the token. */
void fl_token_link(struct filch_token *token, struct fl_plan *plan);
/* Who has claimed, cancelled or failed the task, before it gives up its
 * reference: it is not to be cancelled any more. */
void fl_token_unlink(struct filch_token *token, struct fl_plan *plan);

#endif
