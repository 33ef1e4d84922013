/* SPDX-License-Identifier: MIT */
/**
 * @file token.h
 * A cancellation token: cancelled once, by hand or by its deadline, for all
 * tasks that were submitted with it. Tokens form a tree: what cancels one
 * cancels all below it.
 *
 *     filch_token *request;
 *     filch_token_open(&request, server, filch_after(FILCH_MS(50)));
 *     filch_submit_with(&f, ex, fn, arg,
 *         (&(struct filch_submit_options){.token = request}));
 *
 * A task that has not started when its token is cancelled never will; one that
 * runs is told by filch_stopping(). What a task submits has the task's token
 * unless its options name another one; forks, loops and maps of a task have
 * it, too. The protocol and its argument are in src/task/README.md.
 */
#ifndef FILCH_TOKEN_H
#define FILCH_TOKEN_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** filch_submit_options.token: none, also if the submitting task has one. */
#define FILCH_NO_TOKEN ((filch_token *)(uintptr_t)1)

/**
 * Any thread. Allocates. A token that is not cancelled, below @p parent if
 * that is not null (a cancelled parent makes one that is cancelled). The
 * caller owns one reference: filch_token_release().
 * @param deadline  it is cancelled then, unless it was before; as is any token
 *                  with an ancestor whose deadline is earlier.
 *                  #FILCH_FOREVER: none
 * @return 0; -EINVAL; -ENOMEM; -EAGAIN: no thread to watch the deadline;
 *         #FILCH_EFORKED: the parent came through fork()
 */
FILCH_API int filch_token_open(
    filch_token **token, filch_token *parent, int64_t deadline);

/**
 * Any thread, not a signal handler. Cancels the token and all below it: when
 * this returns, filch_stopping() is true in their tasks that run, and those
 * that had not started are cancelled; callbacks of these run here. Idempotent.
 * NULL is allowed.
 */
FILCH_API void filch_token_cancel(filch_token *token);

/**
 * Any thread, also in a signal handler; async-signal-safe, does not block. As
 * filch_token_cancel(), but a task that has not started is cancelled only when
 * a worker comes to it, and tokens below hear of it a moment later if their
 * tree is just being changed. NULL is allowed.
 */
FILCH_API void filch_token_cancel_in_signal(filch_token *token);

/** Any thread. Wait-free. 0; -ECANCELED: cancelled; -ETIMEDOUT: its deadline,
 * or one above it, has passed; -EINVAL: null. The first reason counts. */
FILCH_API int filch_token_state(const filch_token *token);

/** Any thread. Wait-free. One more reference; returns @p token. */
FILCH_API filch_token *filch_token_retain(filch_token *token);

/** Any thread. One reference less. Tasks and tokens below keep it alive. NULL
 * is allowed. */
FILCH_API void filch_token_release(filch_token *token);

/** The running task. Wait-free. Its token, borrowed; NULL: it has none. */
FILCH_API filch_token *filch_ctx_token(const filch_ctx *cx);

#ifdef __cplusplus
}
#endif
#endif
