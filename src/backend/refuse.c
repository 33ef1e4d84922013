/* SPDX-License-Identifier: MIT */
#include "backend/refuse.h"

#include <errno.h>

struct refuser {
    struct filch_executor base;
    int code;
};

static int submit(
    filch_executor *ex, const struct fl_order *order, filch_future **future)
{
    (void)order;
    (void)future;
    return ((struct refuser *)(void *)ex)->code;
}

static size_t submit_many(filch_executor *ex, const struct fl_order *order,
    size_t stride, size_t count, filch_future **futures, int *error)
{
    (void)stride;
    (void)count;
    *error = submit(ex, order, futures);
    return 0;
}

static int shut_down(filch_executor *ex, unsigned flags, int64_t deadline)
{
    (void)ex;
    (void)flags;
    (void)deadline;
    return 0;
}

static int each_worker(
    filch_executor *ex, filch_worker_fn *fn, void *arg, int64_t deadline)
{
    (void)fn;
    (void)arg;
    (void)deadline;
    return ((struct refuser *)(void *)ex)->code;
}

static int release(filch_executor *ex)
{
    (void)ex;
    return 0;
}

static int step(filch_executor *ex)
{
    return ((struct refuser *)(void *)ex)->code;
}

static int count_none(const filch_executor *ex)
{
    (void)ex;
    return 0;
}

static size_t count_no_pending(const filch_executor *ex)
{
    (void)ex;
    return 0;
}

static char *no_reason(filch_executor *ex)
{
    (void)ex;
    return NULL;
}

static struct fl_home *no_home(const filch_executor *ex)
{
    (void)ex;
    return NULL;
}

static const struct fl_backend backend = {
    .submit = submit,
    .submit_many = submit_many,
    .shutdown = shut_down,
    .each_worker = each_worker,
    .release = release,
    .step = step,
    .workers = count_none,
    .threads = count_none,
    .pending = count_no_pending,
    .reason = no_reason,
    .home = no_home,
};

/* The last one is for all other codes. */
static struct refuser refusers[] = {
    {{&backend, false, 0}, -EINVAL},
    {{&backend, false, 0}, -E2BIG},
    {{&backend, false, 0}, -ENOMEM},
    {{&backend, false, 0}, FILCH_EBROKEN},
};

filch_executor *fl_refuse_with(int code)
{
    size_t i = 0;
    while (refusers[i].code != code && refusers[i].code != FILCH_EBROKEN)
        i++;
    return &refusers[i].base;
}
