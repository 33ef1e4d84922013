/* SPDX-License-Identifier: MIT */
#include <filch/algorithm.h>

#include <errno.h>

#include "algorithm/loop.h"
#include "platform/check.h"

struct search {
    struct fl_loop loop;
    filch_find_body *body;
    void *arg;
};

static int do_search(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct search *search = (void *)loop;
    size_t found = range.begin;
    (void)state;
    int rc = search->body(cx, range.begin, range.end, &found, search->arg);
    FL_CHECK(rc <= 0 || (found >= range.begin && found < range.end), 0);
    if (rc > 0)
        fl_loop_stop(loop, found, 1);
    return rc < 0 ? rc : 0;
}

int filch_find_if(filch_executor *ex, size_t begin, size_t end,
    filch_find_body *body, void *arg, size_t *found)
{
    struct search search = {.loop.chunk = do_search, .body = body, .arg = arg};
    if (!body)
        return -EINVAL;
    fl_loop_init(&search.loop, "filch_find_if\0");
    int rc = fl_loop_run(ex, &search.loop, (struct fl_range){begin, end}, NULL);
    if (rc == 1 && found)
        *found = load_relaxed(&search.loop.last);
    return rc;
}

struct question {
    struct fl_loop loop;
    filch_for_body *body;
    void *arg;
};

static int do_question(
    struct fl_loop *loop, filch_ctx *cx, struct fl_range range, void *state)
{
    const struct question *question = (void *)loop;
    (void)state;
    int rc = question->body(cx, range.begin, range.end, question->arg);
    if (rc > 0) /* wherever it is, nothing else is wanted */
        fl_loop_stop(loop, 0, 1);
    return rc < 0 ? rc : 0;
}

int filch_any_of(filch_executor *ex, size_t begin, size_t end,
    filch_for_body *body, void *arg)
{
    struct question question = {
        .loop.chunk = do_question, .body = body, .arg = arg};
    if (!body)
        return -EINVAL;
    fl_loop_init(&question.loop, "filch_any_of\0");
    return fl_loop_run(ex, &question.loop, (struct fl_range){begin, end}, NULL);
}
