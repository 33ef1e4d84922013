/* SPDX-License-Identifier: MIT */
#include <filch/token.h>

#include <errno.h>

#include "platform/process.h"
#include "sched/registry.h"
#include "task/token.h"

int filch_token_open(filch_token **token, filch_token *parent, int64_t deadline)
{
    if (!token)
        return -EINVAL;
    *token = NULL;
    if (parent == FILCH_NO_TOKEN)
        return -EINVAL;
    int rc = fl_process_watch_forks(fl_registry_forget_parent);
    return rc ? rc : fl_token_open(token, parent, deadline);
}

void filch_token_cancel(filch_token *token)
{
    if (token)
        fl_token_cancel(token);
}

void filch_token_cancel_in_signal(filch_token *token)
{
    if (token)
        fl_token_mark_in_signal(token);
}

int filch_token_state(const filch_token *token)
{
    if (!token)
        return -EINVAL;
    /* relaxed: it carries nothing but itself */
    uint32_t word = load_relaxed(&token->word);
    if (!word)
        return 0;
    return word & FL_TOKEN_CANCELLED ? -ECANCELED : -ETIMEDOUT;
}

filch_token *filch_token_retain(filch_token *token)
{
    if (token)
        fl_token_retain(token);
    return token;
}

void filch_token_release(filch_token *token)
{
    fl_token_release(token);
}
