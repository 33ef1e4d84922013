/* SPDX-License-Identifier: MIT */
/*
 * The problems, and what of them is the same for every competitor: what is
 * done for one number of a loop.
 */
#ifndef BENCH_LOOP_PROBLEM_H
#define BENCH_LOOP_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y += a * x: next to nothing to do, memory decides. */
struct axpy {
    double *y;
    const double *x;
    double a;
    size_t count;
};

static inline void axpy_at(const struct axpy *p, size_t i)
{
    p->y[i] += p->a * p->x[i];
}

/* `steps` steps of arithmetic, each of which waits for the one before. */
uint64_t spin(uint64_t x, uint64_t steps);

/* Bodies that compute, each for itself. */
struct bodies {
    uint64_t *out;
    size_t count;
    uint64_t steps; /* of each; of uneven ones, how many numbers more cost a
                       step more */
};

static inline void even_at(const struct bodies *p, size_t i)
{
    p->out[i] += spin(i, p->steps);
}

static inline void uneven_at(const struct bodies *p, size_t i)
{
    p->out[i] += spin(i, i / p->steps);
}

/* cells += rows * columns, for a loop over the rows around one over the
 * columns. */
struct table {
    double *cells;
    const double *rows, *columns;
    size_t side;
};

static inline void table_at(const struct table *p, size_t row, size_t column)
{
    p->cells[row * p->side + column] += p->rows[row] * p->columns[column];
}

/* Numbers to be added up. */
struct sum {
    const double *x;
    size_t count;
};

/* Of a part, in four sums side by side, as std::reduce() has them. */
double sum_of(const struct sum *p, size_t begin, size_t end);

/* to[i] is the sum of from[0 .. i]. */
struct prefix {
    long *to;
    const long *from;
    size_t count;
};

/* Where is the first `wanted` in x[0 .. count - 1]? count: nowhere. */
struct search {
    const int *x;
    size_t count;
    int wanted;
};

/* In a part, four by four, as std::find() looks; `end` if it is not there. */
size_t first_of(const struct search *p, size_t begin, size_t end);

/* To be sorted. */
struct keys {
    int64_t *first;
    size_t count;
};

#ifdef __cplusplus
}
#endif
#endif
