/* SPDX-License-Identifier: MIT */
/* Boost.Asio: thread_pool, and post() of a packaged_task for the future. */
#include "pool.h"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/version.hpp>
#include <cstdio>
#include <future>
#include <new>
#include <utility>

namespace
{
using pool = boost::asio::thread_pool;
using future = std::future<void *>;

void *open_pool(int workers)
{
    return new pool(static_cast<std::size_t>(workers));
}

void close_pool(void *arg)
{
    auto *threads = static_cast<pool *>(arg);

    threads->join();
    delete threads;
}

void use_pool(void *arg, pool_body *body, void *body_arg)
{
    body(arg, body_arg);
}

void submit(void *arg, void *ticket, pool_task *task, void *task_arg)
{
    std::packaged_task<void *()> call([=] { return task(task_arg); });

    new (ticket) future(call.get_future());
    boost::asio::post(*static_cast<pool *>(arg), std::move(call));
}

void *wait_for(void *, void *ticket)
{
    auto *result = static_cast<future *>(ticket);
    void *value = result->get();

    result->~future();
    return value;
}

void post_task(void *arg, pool_task *task, void *task_arg)
{
    boost::asio::post(*static_cast<pool *>(arg), [=] { task(task_arg); });
}

const char *version()
{
    static char text[32];

    std::snprintf(text, sizeof text, "%d.%d.%d", BOOST_VERSION / 100000,
        BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
    return text;
}
} // namespace

extern "C" const struct pool_ops pool_ops = {
    "Boost.Asio",
    POOL_SUBMITS_INSIDE,
    sizeof(future),
    version,
    open_pool,
    close_pool,
    use_pool,
    submit,
    wait_for,
    post_task,
};
