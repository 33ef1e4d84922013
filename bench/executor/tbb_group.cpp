/* SPDX-License-Identifier: MIT */
/*
 * oneTBB, structured: a task_group per submitter. There are no futures:
 * wait() waits for the whole group, and runs tasks of it meanwhile, so that
 * `workers` threads and the waiter do the work.
 */
#include "pool.h"

#include <atomic>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>
#include <utility>

namespace
{
/* Places for outside threads in the arena. */
constexpr int outside = 8;

struct group_pool {
    oneapi::tbb::task_scheduler_handle scheduler;
    oneapi::tbb::global_control limit;
    oneapi::tbb::task_arena arena;

    explicit group_pool(int workers)
        : scheduler(oneapi::tbb::attach()),
          limit(oneapi::tbb::global_control::max_allowed_parallelism,
              static_cast<std::size_t>(workers) + 1),
          arena(workers + outside, outside)
    {
    }
};

struct ticket {
    void *value;
    std::atomic<bool> is_done;
};

void *open_pool(int workers)
{
    return new group_pool(workers);
}

void close_pool(void *arg)
{
    auto *pool = static_cast<group_pool *>(arg);
    auto scheduler = std::move(pool->scheduler);

    delete pool;
    oneapi::tbb::finalize(scheduler);
}

void use_pool(void *arg, pool_body *body, void *body_arg)
{
    static_cast<group_pool *>(arg)->arena.execute([=] {
        oneapi::tbb::task_group group;

        body(&group, body_arg);
        group.wait();
    });
}

void submit(void *arg, void *memory, pool_task *task, void *task_arg)
{
    auto *place = static_cast<ticket *>(memory);

    place->is_done.store(false, std::memory_order_relaxed);
    static_cast<oneapi::tbb::task_group *>(arg)->run([=] {
        place->value = task(task_arg);
        place->is_done.store(true, std::memory_order_release);
    });
}

void *wait_for(void *arg, void *memory)
{
    auto *place = static_cast<ticket *>(memory);

    if (!place->is_done.load(std::memory_order_acquire))
        static_cast<oneapi::tbb::task_group *>(arg)->wait();
    return place->value;
}

void post_task(void *arg, pool_task *task, void *task_arg)
{
    static_cast<oneapi::tbb::task_group *>(arg)->run([=] { task(task_arg); });
}
} // namespace

extern "C" const struct pool_ops pool_ops = {
    "oneTBB group",
    POOL_SUBMITS_INSIDE | POOL_WAITS_INSIDE | POOL_CALLER_HELPS,
    sizeof(ticket),
    TBB_runtime_version,
    open_pool,
    close_pool,
    use_pool,
    submit,
    wait_for,
    post_task,
};
