/* SPDX-License-Identifier: MIT */
#include "task/token.h"

#include <errno.h>
#include <stdlib.h>

#include "concurrent/time.h"
#include "platform/process.h"
#include "task/plan.h"

static bool came_through_fork(const struct filch_token *token)
{
    return token->generation != fl_process_generation();
}

/* The tree, from `top` on downwards, parents first: the one after `at`. */
static struct filch_token *after(
    const struct filch_token *top, struct filch_token *at)
{
    if (at->child)
        return at->child;
    while (at != top && !at->next)
        at = at->parent;
    return at == top ? NULL : at->next;
}

/* Under the tree's lock. Each token has what its parent has. */
static void hand_down(struct filch_token *top)
{
    struct filch_token *at = top;
    while ((at = after(top, at))) {
        uint32_t word = fl_token_word(at->parent);
        if (word && !fl_token_word(at))
            fetch_or_relaxed(&at->word, word);
    }
}

/*
 * Gives the tree's lock back. One that was cancelled in a signal handler, in
 * this thread or another, found the lock taken and has left the rest to us.
 */
static void drop_tree(struct filch_token *root)
{
    for (;;) {
        fl_lock_drop(&root->tree_lock);
        fence_seq_cst(); /* pairs with the one in mark_in_signal [TOKEN-late] */
        if (!load_relaxed(&root->is_overdue) || !fl_lock_try(&root->tree_lock))
            return;
        /* acquire: with the marks; pairs with mark_in_signal [TOKEN-late] */
        if (exchange_acquire(&root->is_overdue, false))
            hand_down(root);
    }
}

static bool is_last_reference(struct filch_token *token)
{
    /* acq_rel: the last one sees what all others did: pairs with itself */
    return fetch_sub_acq_rel(&token->references, 1) == 1;
}

static void leave_tree(struct filch_token *token)
{
    struct filch_token *root = token->root;
    fl_lock_take(&root->tree_lock);
    if (token->previous)
        token->previous->next = token->next;
    else
        token->parent->child = token->next;
    if (token->next)
        token->next->previous = token->previous;
    drop_tree(root);
}

void fl_token_release(struct filch_token *token)
{
    while (token && is_last_reference(token)) {
        struct filch_token *parent = token->parent;
        bool is_ours = !came_through_fork(token);
        if (is_ours && token->timer.kind)
            (void)fl_timers_remove(&fl_timers_common, &token->timer);
        if (is_ours && parent)
            leave_tree(token);
        free(token);
        token = parent;
    }
}

/* Under the token's lock. Takes the plan out of the list. */
static void take_off(struct filch_token *token, struct fl_plan *plan)
{
    if (plan->previous)
        plan->previous->next = plan->next;
    else
        token->pending = plan->next;
    if (plan->next)
        plan->next->previous = plan->previous;
    plan->is_linked = false;
}

/* Under the lock of the list, as cancel() takes them out [TOKEN-list]. */
void fl_token_link(struct filch_token *token, struct fl_plan *plan)
{
    fl_lock_take(&token->lock);
    plan->previous = NULL;
    plan->next = token->pending;
    if (plan->next)
        plan->next->previous = plan;
    token->pending = plan;
    plan->is_linked = true;
    fl_lock_drop(&token->lock);
}

void fl_token_unlink(struct filch_token *token, struct fl_plan *plan)
{
    fl_lock_take(&token->lock);
    if (plan->is_linked)
        take_off(token, plan);
    fl_lock_drop(&token->lock);
}

/* Under the tree's lock. Takes all that has not started, with a reference
 * each, to the front of `doomed`. */
static struct fl_plan *take_pending(
    struct filch_token *token, struct fl_plan *doomed)
{
    fl_lock_take(&token->lock);
    while (token->pending) {
        struct fl_plan *plan = token->pending;
        /* One that is in the list has not given up its last reference. */
        fl_task_retain(fl_plan_task(plan));
        take_off(token, plan);
        plan->next = doomed;
        doomed = plan;
    }
    fl_lock_drop(&token->lock);
    return doomed;
}

static void cancel_all(struct fl_plan *doomed)
{
    while (doomed) {
        struct fl_plan *plan = doomed;
        doomed = plan->next;
        fl_task_cancel(fl_plan_task(plan));
        fl_task_release(fl_plan_task(plan));
    }
}

static void mark(struct filch_token *token, uint32_t reason)
{
    uint32_t none = 0;
    /* relaxed: it carries nothing but itself. The first reason counts. */
    while (!none && !cas_weak_relaxed(&token->word, &none, reason))
        ;
}

static void cancel(struct filch_token *token, uint32_t reason)
{
    struct fl_plan *doomed = NULL;
    mark(token, reason);
    fl_lock_take(&token->root->tree_lock);
    hand_down(token);
    for (struct filch_token *at = token; at; at = after(token, at))
        doomed = take_pending(at, doomed);
    drop_tree(token->root);
    cancel_all(doomed);
}

void fl_token_cancel(struct filch_token *token)
{
    if (!came_through_fork(token))
        cancel(token, FL_TOKEN_CANCELLED);
}

void fl_token_mark_in_signal(struct filch_token *token)
{
    struct filch_token *root = token->root;
    mark(token, FL_TOKEN_CANCELLED);
    store_release(&root->is_overdue, true); /* pairs with drop_tree() */
    fence_seq_cst(); /* who holds the lock sees it, or it is free [TOKEN-late]
                      */
    if (fl_lock_try(&root->tree_lock))
        drop_tree(root);
}

/* The deadline's timer has no reference of its own. */
static struct filch_token *token_of(struct fl_timer *timer)
{
    return (struct filch_token *)((uintptr_t)timer -
                                  offsetof(struct filch_token, timer));
}

static bool hold_for_timer(struct fl_timer *timer)
{
    struct filch_token *token = token_of(timer);
    uint32_t references = load_relaxed(&token->references);
    while (references)
        if (cas_weak_relaxed(&token->references, &references, references + 1))
            return true;
    return false;
}

static void expire(struct fl_timer *timer)
{
    struct filch_token *token = token_of(timer);
    cancel(token, FL_TOKEN_EXPIRED);
    fl_token_release(token);
}

static const struct fl_timer_kind deadline_kind = {hold_for_timer, expire};

static void enter_tree(struct filch_token *token)
{
    struct filch_token *parent = token->parent;
    fl_token_retain(parent);
    fl_lock_take(&token->root->tree_lock);
    token->next = parent->child;
    if (token->next)
        token->next->previous = token;
    parent->child = token;
    fetch_or_relaxed(&token->word, fl_token_word(parent));
    drop_tree(token->root);
}

static int watch(struct filch_token *token, int64_t deadline)
{
    if (deadline == FILCH_FOREVER)
        return 0;
    if (fl_time_is_past(deadline)) {
        mark(token, FL_TOKEN_EXPIRED);
        return 0;
    }
    token->timer.kind = &deadline_kind;
    return fl_timers_add(&fl_timers_common, &token->timer, deadline);
}

static struct filch_token *new_token(struct filch_token *parent)
{
    struct filch_token *token = calloc(1, sizeof *token);
    if (!token)
        return NULL;
    atomic_init(&token->references, 1);
    token->generation = fl_process_generation();
    token->parent = parent;
    token->root = parent ? parent->root : token;
    if (parent)
        enter_tree(token);
    return token;
}

int fl_token_open(
    struct filch_token **token, struct filch_token *parent, int64_t deadline)
{
    if (parent && came_through_fork(parent))
        return FILCH_EFORKED;
    struct filch_token *made = new_token(parent);
    if (!made)
        return -ENOMEM;
    int rc = watch(made, deadline);
    if (rc) {
        fl_token_release(made);
        return rc;
    }
    *token = made;
    return 0;
}
