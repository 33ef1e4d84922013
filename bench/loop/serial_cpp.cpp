/* SPDX-License-Identifier: MIT */
/* The algorithms of C++, serial; its loops are those of C. */
#include "competitor.h"

#include <algorithm>
#include <numeric>

namespace
{
const char *version()
{
    return __VERSION__;
}

void *open_nothing(int)
{
    static char nothing;

    return &nothing;
}

void close_nothing(void *)
{
}

double reduce(void *, const sum *p)
{
    return std::reduce(p->x, p->x + p->count);
}

void scan(void *, const prefix *p)
{
    std::inclusive_scan(p->from, p->from + p->count, p->to);
}

std::size_t find(void *, const search *p)
{
    return static_cast<std::size_t>(
        std::find(p->x, p->x + p->count, p->wanted) - p->x);
}

void sort(void *, const keys *p)
{
    std::sort(p->first, p->first + p->count);
}
} // namespace

extern "C" const struct competitor competitor = {
    "serial C++",
    1,
    version,
    open_nothing,
    close_nothing,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    reduce,
    nullptr,
    scan,
    find,
    sort,
};
