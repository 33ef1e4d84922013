/* SPDX-License-Identifier: MIT */
/* oneTBB: blocked ranges, and its default partitioners. The calling thread is
 * one of the workers. */
#include "../common/tbb_pool.hpp"
#include "competitor.h"

#include <functional>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/parallel_scan.h>
#include <oneapi/tbb/parallel_sort.h>
#include <oneapi/tbb/version.h>

namespace
{
using range = oneapi::tbb::blocked_range<std::size_t>;
using oneapi::tbb::parallel_for;

void add_all(const axpy *p)
{
    parallel_for(range(0, p->count), [=](const range &r) {
        for (std::size_t i = r.begin(); i != r.end(); ++i)
            axpy_at(p, i);
    });
}

void trivial(void *pool, const axpy *p)
{
    in(pool, [=] { add_all(p); });
}

void even(void *pool, const bodies *p)
{
    in(pool, [=] {
        parallel_for(range(0, p->count), [=](const range &r) {
            for (std::size_t i = r.begin(); i != r.end(); ++i)
                even_at(p, i);
        });
    });
}

void uneven(void *pool, const bodies *p)
{
    in(pool, [=] {
        parallel_for(range(0, p->count), [=](const range &r) {
            for (std::size_t i = r.begin(); i != r.end(); ++i)
                uneven_at(p, i);
        });
    });
}

void nested_row(const table *p, std::size_t row)
{
    parallel_for(range(0, p->side), [=](const range &r) {
        for (std::size_t column = r.begin(); column != r.end(); ++column)
            table_at(p, row, column);
    });
}

void nested(void *pool, const table *p)
{
    in(pool, [=] {
        parallel_for(range(0, p->side), [=](const range &r) {
            for (std::size_t row = r.begin(); row != r.end(); ++row)
                nested_row(p, row);
        });
    });
}

void tiny(void *pool, const axpy *p, long times)
{
    in(pool, [=] {
        for (long i = 0; i < times; i++)
            add_all(p);
    });
}

double reduce(void *pool, const sum *p)
{
    return in(pool, [=] {
        return oneapi::tbb::parallel_reduce(
            range(0, p->count), 0.0,
            [=](const range &r, double sum) {
                return sum + sum_of(p, r.begin(), r.end());
            },
            std::plus<double>());
    });
}

/* Its partitioner goes down to the grain, so that must be chosen. */
double reduce_reproducible(void *pool, const sum *p)
{
    constexpr std::size_t grain = 10000;

    return in(pool, [=] {
        return oneapi::tbb::parallel_deterministic_reduce(
            range(0, p->count, grain), 0.0,
            [=](const range &r, double sum) {
                return sum + sum_of(p, r.begin(), r.end());
            },
            std::plus<double>());
    });
}

void scan(void *pool, const prefix *p)
{
    in(pool, [=] {
        oneapi::tbb::parallel_scan(
            range(0, p->count), 0L,
            [=](const range &r, long sum, bool is_final) {
                for (std::size_t i = r.begin(); i != r.end(); ++i) {
                    sum += p->from[i];
                    if (is_final)
                        p->to[i] = sum;
                }
                return sum;
            },
            std::plus<long>());
    });
}

void sort(void *pool, const keys *p)
{
    in(pool,
        [=] { oneapi::tbb::parallel_sort(p->first, p->first + p->count); });
}
} // namespace

extern "C" const struct competitor competitor = {
    "oneTBB",
    1024,
    TBB_runtime_version,
    open_pool,
    close_pool,
    trivial,
    even,
    uneven,
    nested,
    tiny,
    reduce,
    reduce_reproducible,
    scan,
    nullptr,
    sort,
};
