/* SPDX-License-Identifier: MIT */
/* Tokens: a tree, by hand, at a deadline, in a signal handler. */
#include "../../support/gate.h"
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(token, .timeout = 120);

static filch_token *open_token(filch_token *parent, int64_t deadline)
{
    filch_token *token = NULL;
    cr_assert_eq(filch_token_open(&token, parent, deadline), 0);
    return token;
}

static filch_future *send(
    filch_executor *ex, filch_task *fn, void *arg, filch_token *token)
{
    filch_future *f = NULL;
    const struct filch_submit_options options = {.token = token};
    cr_assert_eq(filch_submit_with(&f, ex, fn, arg, &options), 0);
    return f;
}

/* Runs until it is told to stop. */
static int run_on(filch_ctx *cx, void *arg, void *result)
{
    struct gate *gate = arg;
    (void)result;
    if (gate)
        give(&gate->arrived, 1);
    while (!filch_stopping(cx))
        ;
    return filch_token_state(filch_ctx_token(cx));
}

Test(token, open_refuses)
{
    filch_token *token = (filch_token *)&token;
    cr_assert_eq(filch_token_open(NULL, NULL, FILCH_FOREVER), -EINVAL);
    cr_assert_eq(
        filch_token_open(&token, FILCH_NO_TOKEN, FILCH_FOREVER), -EINVAL);
    cr_assert_null(token);
    cr_assert_eq(filch_token_state(NULL), -EINVAL);
    filch_token_cancel(NULL);
    filch_token_cancel_in_signal(NULL);
    filch_token_release(NULL);
}

Test(token, what_waits_is_cancelled_at_once_and_what_runs_is_told)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    filch_future *runs = send(ex, run_on, &gate, token);
    gate_await(&gate, 1);
    filch_future *waits = send(ex, nothing, NULL, token);
    filch_future *other = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_token_state(token), 0);
    filch_token_cancel(token);
    cr_assert_eq(filch_future_state(waits), FILCH_CANCELLED);
    cr_assert_eq(filch_token_state(token), -ECANCELED);
    cr_assert_eq(settle(runs), -ECANCELED);
    cr_assert_eq(settle(waits), -ECANCELED);
    cr_assert_eq(settle(other), 0);
    filch_token_release(token);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(token, a_cancelled_one_accepts_and_cancels)
{
    filch_executor *ex = open_pool(1);
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    filch_token_cancel(token);
    filch_token_cancel(token);
    filch_future *f = send(ex, nothing, NULL, token);
    filch_token *below = open_token(token, FILCH_FOREVER);
    cr_assert_eq(filch_token_state(below), -ECANCELED);
    filch_token_release(token);
    cr_assert_eq(settle(f), -ECANCELED);
    filch_token_release(below);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(token, goes_down_the_tree_and_not_up)
{
    filch_token *root = open_token(NULL, FILCH_FOREVER);
    filch_token *left = open_token(root, FILCH_FOREVER);
    filch_token *right = open_token(root, FILCH_FOREVER);
    filch_token *leaf = open_token(left, FILCH_FOREVER);
    filch_token *gone = open_token(left, FILCH_FOREVER);
    filch_token_release(gone);
    filch_token_cancel(left);
    cr_assert_eq(filch_token_state(leaf), -ECANCELED);
    cr_assert_eq(filch_token_state(root), 0);
    cr_assert_eq(filch_token_state(right), 0);
    filch_token_release(left);
    filch_token_cancel(root);
    cr_assert_eq(filch_token_state(right), -ECANCELED);
    filch_token_release(root);
    filch_token_release(right);
    filch_token_release(leaf);
}

Test(token, a_tree_of_any_depth)
{
    filch_token *root = open_token(NULL, FILCH_FOREVER);
    filch_token *at = filch_token_retain(root);
    for (int i = 0; i < 100000; i++) {
        filch_token *below = open_token(at, FILCH_FOREVER);
        filch_token_release(at);
        at = below;
    }
    filch_token_cancel(root);
    cr_assert_eq(filch_token_state(at), -ECANCELED);
    filch_token_release(root);
    filch_token_release(at);
}

/* What a task submits: inherits, has another one, has none. */
struct family {
    filch_token *other;
    filch_future *children[3];
};

static int submit_children(filch_ctx *cx, void *arg, void *result)
{
    struct family *family = arg;
    filch_executor *ex = filch_ctx_executor(cx);
    (void)result;
    family->children[0] = filch_submit(ex, nothing, NULL);
    family->children[1] = send(ex, nothing, NULL, family->other);
    family->children[2] = send(ex, nothing, NULL, FILCH_NO_TOKEN);
    return 0;
}

Test(token, children_run_while_it_is_not_cancelled)
{
    filch_executor *ex = open_pool(1);
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    struct family family = {.other = open_token(NULL, FILCH_FOREVER)};
    filch_future *parent = send(ex, submit_children, &family, token);
    cr_assert_eq(settle(parent), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(settle(family.children[i]), 0);
    filch_token_release(token);
    filch_token_release(family.other);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int cancel_own_children(filch_ctx *cx, void *arg, void *result)
{
    struct family *family = arg;
    (void)submit_children(cx, arg, result);
    filch_token_cancel(filch_ctx_token(cx));
    cr_assert(filch_stopping(cx));
    for (int i = 0; i < 3; i++)
        *((enum filch_state *)result + i) =
            filch_future_state(family->children[i]);
    return 0;
}

Test(token, cancels_the_children_that_have_inherited_it)
{
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    struct family family = {.other = open_token(NULL, FILCH_FOREVER)};
    enum filch_state states[3];
    filch_future *parent = send(ex, cancel_own_children, &family, token);
    cr_assert_eq(
        filch_future_result(parent, FILCH_FOREVER, states, sizeof states), 0);
    cr_assert_eq(states[0], FILCH_CANCELLED);
    cr_assert_eq(states[1], FILCH_PENDING);
    cr_assert_eq(states[2], FILCH_PENDING);
    cr_assert_eq(settle(family.children[0]), -ECANCELED);
    cr_assert_eq(settle(family.children[1]), 0);
    cr_assert_eq(settle(family.children[2]), 0);
    filch_future_release(parent);
    filch_token_release(token);
    filch_token_release(family.other);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int spin_in_fork(filch_ctx *cx, void *arg)
{
    (void)arg;
    while (!filch_stopping(cx))
        ;
    return -ECANCELED;
}

static int fork_two(filch_ctx *cx, void *arg, void *result)
{
    (void)result;
    filch_fork(&cx, spin_in_fork, NULL);
    give(&((struct gate *)arg)->arrived, 1);
    (void)spin_in_fork(cx, NULL);
    return filch_join(&cx);
}

Test(token, reaches_forks)
{
    struct gate gate;
    gate_init(&gate);
    filch_executor *ex = open_pool(2);
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    filch_future *f = send(ex, fork_two, &gate, token);
    gate_await(&gate, 1);
    filch_token_cancel(token);
    cr_assert_eq(settle(f), -ECANCELED);
    filch_token_release(token);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static filch_token *signalled;

static void on_signal(int number)
{
    (void)number;
    filch_token_cancel_in_signal(signalled);
}

Test(token, can_be_cancelled_in_a_signal_handler)
{
    struct gate gate;
    gate_init(&gate);
    struct sigaction action = {.sa_handler = on_signal};
    cr_assert_eq(sigaction(SIGUSR1, &action, NULL), 0);
    filch_executor *ex = open_pool(1);
    filch_token *root = open_token(NULL, FILCH_FOREVER);
    filch_token *below = open_token(root, FILCH_FOREVER);
    signalled = root;
    filch_future *runs = send(ex, run_on, &gate, below);
    filch_future *waits = send(ex, nothing, NULL, below);
    gate_await(&gate, 1);
    cr_assert_eq(raise(SIGUSR1), 0);
    cr_assert_eq(settle(runs), -ECANCELED);
    cr_assert_eq(settle(waits), -ECANCELED);
    filch_token_release(below);
    filch_token_release(root);
    cr_assert_eq(filch_executor_close(ex), 0);
}

static int count_callback(filch_future *f, void *arg)
{
    (void)f;
    atomic_fetch_add((atomic_int *)arg, 1);
    return 0;
}

Test(token, callbacks_of_what_it_cancels_run_once)
{
    struct gate gate;
    atomic_int called = 0;
    gate_init(&gate);
    filch_executor *ex = open_pool(1);
    filch_token *token = open_token(NULL, FILCH_FOREVER);
    filch_future *busy = occupy(ex, &gate);
    for (int i = 0; i < 100; i++) {
        filch_future *f = send(ex, nothing, NULL, token);
        cr_assert_eq(filch_future_on_done(f, count_callback, &called), 0);
        filch_future_release(f);
    }
    filch_token_cancel(token);
    cr_assert_eq(atomic_load(&called), 100);
    filch_token_release(token);
    gate_pass(&gate, 1);
    cr_assert_eq(settle(busy), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
