/* SPDX-License-Identifier: MIT */
/* The parallel algorithms of C++17, which libstdc++ runs on oneTBB, in an
 * arena. A number's place is that of its element. */
#include "../common/tbb_pool.hpp"
#include "competitor.h"

#include <algorithm>
#include <execution>
#include <numeric>

namespace
{
using std::execution::par;

const char *version()
{
    return __VERSION__;
}

void add_all(const axpy *p)
{
    std::transform(par, p->x, p->x + p->count, p->y, p->y,
        [a = p->a](double x, double y) { return y + a * x; });
}

void trivial(void *pool, const axpy *p)
{
    in(pool, [=] { add_all(p); });
}

void even(void *pool, const bodies *p)
{
    in(pool, [=] {
        std::for_each(par, p->out, p->out + p->count, [=](std::uint64_t &out) {
            even_at(p, static_cast<std::size_t>(&out - p->out));
        });
    });
}

void uneven(void *pool, const bodies *p)
{
    in(pool, [=] {
        std::for_each(par, p->out, p->out + p->count, [=](std::uint64_t &out) {
            uneven_at(p, static_cast<std::size_t>(&out - p->out));
        });
    });
}

void nested_row(const table *p, std::size_t row)
{
    double *cells = p->cells + row * p->side;

    std::transform(par, p->columns, p->columns + p->side, cells, cells,
        [x = p->rows[row]](
            double column, double cell) { return cell + x * column; });
}

void nested(void *pool, const table *p)
{
    in(pool, [=] {
        std::for_each(par, p->rows, p->rows + p->side, [=](const double &row) {
            nested_row(p, static_cast<std::size_t>(&row - p->rows));
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
    return in(pool, [=] { return std::reduce(par, p->x, p->x + p->count); });
}

void scan(void *pool, const prefix *p)
{
    in(pool,
        [=] { std::inclusive_scan(par, p->from, p->from + p->count, p->to); });
}

std::size_t find(void *pool, const search *p)
{
    return in(pool, [=] {
        return static_cast<std::size_t>(
            std::find(par, p->x, p->x + p->count, p->wanted) - p->x);
    });
}

void sort(void *pool, const keys *p)
{
    in(pool, [=] { std::sort(par, p->first, p->first + p->count); });
}
} // namespace

extern "C" const struct competitor competitor = {
    "C++17 par",
    1024,
    version,
    open_pool,
    close_pool,
    trivial,
    even,
    uneven,
    nested,
    tiny,
    reduce,
    nullptr,
    scan,
    find,
    sort,
};
