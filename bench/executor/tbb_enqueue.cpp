/* SPDX-License-Identifier: MIT */
/* oneTBB, unstructured: task_arena::enqueue(), tickets for the results. */
#include "pool.h"
#include "ticket.h"

#include <mutex>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>
#include <utility>
#include <vector>

namespace
{
struct arena_pool {
    oneapi::tbb::task_scheduler_handle scheduler;
    oneapi::tbb::global_control limit;
    oneapi::tbb::task_arena arena;
    std::mutex lock;
    std::vector<desk *> desks; /* freed last: see desk_close() */

    explicit arena_pool(int workers)
        : scheduler(oneapi::tbb::attach()),
          limit(oneapi::tbb::global_control::max_allowed_parallelism,
              static_cast<std::size_t>(workers) + 1),
          arena(workers, 0)
    {
    }
};

struct arena_submitter {
    oneapi::tbb::task_arena *arena;
    desk *place;
};

void *open_pool(int workers)
{
    return new arena_pool(workers);
}

void close_pool(void *arg)
{
    auto *pool = static_cast<arena_pool *>(arg);

    auto scheduler = std::move(pool->scheduler);
    auto desks = std::move(pool->desks);

    delete pool;
    oneapi::tbb::finalize(scheduler); /* waits for the workers' end */
    for (desk *place : desks)
        desk_close(place);
}

void use_pool(void *arg, pool_body *body, void *body_arg)
{
    auto *pool = static_cast<arena_pool *>(arg);
    arena_submitter submitter = {&pool->arena, desk_open()};

    body(&submitter, body_arg);
    std::lock_guard<std::mutex> guard(pool->lock);
    pool->desks.push_back(submitter.place);
}

void submit(void *arg, void *memory, pool_task *task, void *task_arg)
{
    auto *submitter = static_cast<arena_submitter *>(arg);
    auto *place = static_cast<ticket *>(memory);

    ticket_issue(place, submitter->place, task, task_arg);
    submitter->arena->enqueue([place] { ticket_run(place); });
}

void *wait_for(void *, void *memory)
{
    return ticket_wait(static_cast<ticket *>(memory));
}

void post_task(void *arg, pool_task *task, void *task_arg)
{
    auto *submitter = static_cast<arena_submitter *>(arg);

    submitter->arena->enqueue([=] { task(task_arg); });
}
} // namespace

extern "C" const struct pool_ops pool_ops = {
    "oneTBB enqueue",
    POOL_SUBMITS_INSIDE,
    sizeof(ticket),
    TBB_runtime_version,
    open_pool,
    close_pool,
    use_pool,
    submit,
    wait_for,
    post_task,
};
