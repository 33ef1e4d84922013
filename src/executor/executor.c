/* SPDX-License-Identifier: MIT */
/* Open, shut down, close; the executor of the process, and its end. */
#include <filch/executor.h>

#include <errno.h>
#include <stdlib.h>

#include "backend/refuse.h"
#include "backend/threads.h"
#include "concurrent/lock.h"
#include "executor/options.h"
#include "platform/cpu.h"
#include "platform/overflow.h"
#include "sched/pool.h"
#include "task/region.h"
#include "task/timekeeper.h"

enum { SPARES = 64, SPARES_MOST = 1024, QUEUE_LIMIT = 65536 };
#define STACK_BYTES ((size_t)32 << 20)
#define STACK_BYTES_MOST ((size_t)1 << 40)

static void warn(const struct filch_config *config, const char *message)
{
    struct fl_home home = {
        .on_unobserved = config->on_unobserved, .data = config->data};
    struct filch_failure failure = {.code = -EINVAL,
        .message = message,
        .task = "filch_executor_open",
        .where = ""};
    fl_report(&home, &failure);
}

/* The environment's number if it is one in [least, most]; else 0. */
static long number_of(const char *text, long least, long most)
{
    char *end;
    int saved = errno;
    long number = strtol(text, &end, 10);
    errno = saved;
    while (*end == ' ' || *end == '\n')
        end++;
    return !*end && number >= least && number <= most ? number : 0;
}

static int default_workers(const struct filch_config *config)
{
    const char *text = getenv("FILCH_WORKERS");
    int workers = 0;
    if (text && *text) {
        workers = (int)number_of(text, 1, FILCH_WORKERS_MAX);
        if (!workers)
            warn(config, "FILCH_WORKERS is not a number from 1 to 1024; "
                         "using the default");
    }
    if (!workers)
        workers = fl_cpu_available();
    return workers < FILCH_WORKERS_MAX ? workers : FILCH_WORKERS_MAX;
}

static int check(const struct filch_config *config)
{
    if (config->workers < 0 || config->workers > FILCH_WORKERS_MAX ||
        config->spares < FILCH_NO_SPARES || config->spares > SPARES_MOST ||
        config->stack_bytes > STACK_BYTES_MOST ||
        (unsigned)config->when_full > FILCH_DROP_OLDEST || config->reserved)
        return -EINVAL;
    return 0;
}

static void fill_in(struct filch_config *config)
{
    if (!config->workers)
        config->workers = default_workers(config);
    if (!config->spares)
        config->spares = SPARES;
    else if (config->spares == FILCH_NO_SPARES)
        config->spares = 0;
    if (!config->stack_bytes)
        config->stack_bytes = STACK_BYTES;
    if (!config->queue_limit)
        config->queue_limit = QUEUE_LIMIT;
}

int filch_executor_open_sized(
    filch_executor **ex, const struct filch_config *config, size_t size)
{
    struct filch_config copy;
    if (!ex)
        return -EINVAL;
    *ex = NULL;
    int rc = fl_options_copy(&copy, sizeof copy, config, size);
    if (!rc)
        rc = check(&copy);
    if (rc)
        return rc;
    fill_in(&copy);
    return fl_threads_open(ex, &copy);
}

filch_executor *filch_with_open(const struct filch_config *config, size_t size)
{
    filch_executor *ex;
    int rc = filch_executor_open_sized(&ex, config, size);
    return rc ? fl_refuse_with(rc) : ex;
}

filch_executor *filch_default(void)
{
    static struct fl_lock lock;
    static _Atomic(filch_executor *) made; /* lock holder writes */
    /* acquire: pairs with the release below */
    filch_executor *ex = load_acquire(&made);
    if (ex)
        return ex;
    fl_lock_take(&lock);
    ex = load_relaxed(&made);
    if (!ex) {
        ex = filch_with_open(NULL, 0);
        ex->is_default = true;
        store_release(&made, ex); /* pairs with the acquire above */
    }
    fl_lock_drop(&lock);
    return ex;
}

int filch_executor_shutdown(
    filch_executor *ex, unsigned flags, int64_t deadline)
{
    if (!ex || flags & ~(FILCH_CANCEL_PENDING | FILCH_STOP_RUNNING))
        return -EINVAL;
    if (ex->is_default)
        return -EPERM;
    return ex->backend->shutdown(ex, flags, deadline);
}

int filch_executor_release(filch_executor *ex)
{
    if (!ex)
        return 0;
    return ex->is_default ? -EPERM : ex->backend->release(ex);
}

int filch_executor_close(filch_executor *ex)
{
    if (!ex)
        return 0;
    int rc = filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER);
    return rc ? rc : ex->backend->release(ex);
}

int filch_executor_workers(const filch_executor *ex)
{
    return ex ? ex->backend->workers(ex) : 0;
}

int filch_executor_threads(const filch_executor *ex)
{
    return ex ? ex->backend->threads(ex) : 0;
}

size_t filch_executor_pending(const filch_executor *ex)
{
    return ex ? ex->backend->pending(ex) : 0;
}

/*
 * When the program ends, or the library is unloaded: what was accepted is
 * finished first. FILCH_EXIT_WAIT: at most so many seconds.
 */
__attribute__((destructor)) static void finish_at_exit(void)
{
    const char *text = getenv("FILCH_EXIT_WAIT");
    long seconds = text ? number_of(text, 1, 1000000000) : 0;
    fl_pool_finish_all(seconds ? filch_after(FILCH_S(seconds)) : FILCH_FOREVER);
    fl_region_forget_spares();
    fl_timekeeper_end();
    fl_overflow_forget();
}
