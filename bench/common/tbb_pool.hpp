/* SPDX-License-Identifier: MIT */
/* oneTBB: an arena of so many places, of which the calling thread has one. */
#ifndef BENCH_TBB_POOL_HPP
#define BENCH_TBB_POOL_HPP

#include <cstddef>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <utility>

struct tbb_pool {
    oneapi::tbb::task_scheduler_handle scheduler;
    oneapi::tbb::global_control limit;
    oneapi::tbb::task_arena arena;

    explicit tbb_pool(int workers)
        : scheduler(oneapi::tbb::attach()),
          limit(oneapi::tbb::global_control::max_allowed_parallelism,
              static_cast<std::size_t>(workers)),
          arena(workers, 1)
    {
    }
};

static void *open_pool(int workers)
{
    return new tbb_pool(workers);
}

static void close_pool(void *arg)
{
    auto *pool = static_cast<tbb_pool *>(arg);
    auto scheduler = std::move(pool->scheduler);

    delete pool;
    oneapi::tbb::finalize(scheduler);
}

/* Runs `body` in the arena. */
template <typename Body> static auto in(void *pool, Body body)
{
    return static_cast<tbb_pool *>(pool)->arena.execute(body);
}

#endif
