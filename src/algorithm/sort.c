/* SPDX-License-Identifier: MIT */
/*
 * A merge sort whose halves are sorted in parallel, and merged in parallel. The
 * elements move between the array and a room of the same size; which of the two
 * they are in is part of each result (enum fl_sorted), so that a part that was
 * sorted already is not moved at all.
 */
#include <filch/fork.h>
#include <filch/sort.h>

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "algorithm/sort.h"

enum {
    MERGE_PIECE = 8192,     /* elements that are merged in one go */
    EXCHANGE_PIECE = 16384, /* pairs */
    COPY_PIECE = 1 << 18,   /* bytes */
    ALIGNMENT_LEAST = 64,
    ALIGNMENT_MOST = 4096,
};

/* Immutable while it is sorted. */
struct job {
    struct fl_order order;
    const struct fl_sorter *sorter;
    char *places[2]; /* the array, the room */
};

/* Neighbouring elements. */
struct part {
    size_t first, count;
    unsigned sorted; /* enum fl_sorted */
};

static char *at(const struct job *job, unsigned place, size_t index)
{
    return job->places[place] + index * job->order.size;
}

static unsigned place_of(const struct part *part)
{
    return part->sorted & FL_SORTED_IN_ROOM;
}

static char *first_of(const struct job *job, const struct part *part)
{
    return at(job, place_of(part), part->first);
}

static char *last_of(const struct job *job, const struct part *part)
{
    return at(job, place_of(part), part->first + part->count - 1);
}

FILCH_VOID_TASK(copy, char *, to, const char *, from, size_t, bytes)
{
    size_t half = bytes / 2;
    if (bytes <= COPY_PIECE) {
        memcpy(to, from, bytes);
        return;
    }
    copy_fork(&cx, to + half, from + half, bytes - half);
    copy(cx, to, from, half);
    copy_join(&cx);
}

FILCH_VOID_TASK(
    exchange, const struct job *, job, char *, low, char *, high, size_t, count)
{
    size_t half = count / 2, skipped = half * job->order.size;
    if (count <= EXCHANGE_PIECE) {
        job->sorter->exchange(low, high, count, &job->order);
        return;
    }
    exchange_fork(&cx, job, low + skipped, high - skipped, count - half);
    exchange(cx, job, low, high, half);
    exchange_join(&cx);
}

/* How much of a run belongs before the key; of what is equal to it all if
 * `with_equal`, else nothing. */
static size_t bytes_before(const struct fl_order *order, const char *run,
    size_t bytes, const char *key, bool with_equal)
{
    size_t from = 0, to = bytes / order->size;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const char *element = run + middle * order->size;
        if (with_equal ? !fl_order_is_less(order, key, element)
                       : fl_order_is_less(order, element, key))
            from = middle + 1;
        else
            to = middle;
    }
    return from * order->size;
}

/* Leaves the lower part of what is merged and returns the upper one; each has
 * about a quarter of it, or more. */
static struct fl_merge cut(struct fl_merge *m, const struct fl_order *order)
{
    size_t size = order->size;
    size_t a_low = m->a_bytes / size / 2 * size;
    size_t b_low = m->b_bytes / size / 2 * size;
    if (m->a_bytes >= m->b_bytes)
        b_low = bytes_before(order, m->b, m->b_bytes, m->a + a_low, false);
    else
        a_low = bytes_before(order, m->a, m->a_bytes, m->b + b_low, true);
    struct fl_merge high = {m->a + a_low, m->b + b_low, m->a_bytes - a_low,
        m->b_bytes - b_low, m->to + a_low + b_low};
    m->a_bytes = a_low;
    m->b_bytes = b_low;
    return high;
}

/* One run behind the other. */
static void append(const struct fl_merge *m)
{
    memcpy(m->to, m->a, m->a_bytes);
    memcpy(m->to + m->a_bytes, m->b, m->b_bytes);
}

static void merge_piece(const struct job *job, const struct fl_merge *m)
{
    const struct fl_order *order = &job->order;
    const char *a_last = m->a + m->a_bytes - order->size;
    const char *b_last = m->b + m->b_bytes - order->size;
    if (!m->a_bytes || !m->b_bytes || !fl_order_is_less(order, m->b, a_last))
        append(m);
    else if (fl_order_is_less(order, b_last, m->a))
        append(&(struct fl_merge){m->b, m->a, m->b_bytes, m->a_bytes, m->to});
    else
        job->sorter->merge(m, order);
}

FILCH_TASK(unsigned, merge, const struct job *, job, struct fl_merge, m)
{
    if (m.a_bytes + m.b_bytes > MERGE_PIECE * job->order.size) {
        struct fl_merge high = cut(&m, &job->order);
        merge_fork(&cx, job, high);
        unsigned sorted = merge(cx, job, m);
        return sorted | merge_join(&cx);
    }
    if (filch_stopping(cx)) { /* [SORT-stop] */
        append(&m);
        return FL_SORTED_STOPPED;
    }
    merge_piece(job, &m);
    return 0;
}

static void make_ascending(
    filch_ctx *cx, const struct job *job, struct part *part)
{
    if (part->sorted & FL_SORTED_DESCENDING)
        exchange(
            cx, job, first_of(job, part), last_of(job, part), part->count / 2);
    part->sorted &= ~(unsigned)FL_SORTED_DESCENDING;
}

static void move(
    filch_ctx *cx, const struct job *job, struct part *part, unsigned place)
{
    if (place_of(part) == place)
        return;
    copy(cx, at(job, place, part->first), first_of(job, part),
        part->count * job->order.size);
    part->sorted ^= FL_SORTED_IN_ROOM;
}

/* Sorted parts that are neighbours become one. */
static unsigned unite(filch_ctx *cx, const struct job *job, unsigned goal,
    struct part *a, struct part *b)
{
    const struct fl_order *order = &job->order;
    if ((a->sorted & b->sorted) == FL_SORTED_DESCENDING &&
        fl_order_is_less(order, first_of(job, b), last_of(job, a)))
        return FL_SORTED_DESCENDING;
    make_ascending(cx, job, a);
    make_ascending(cx, job, b);
    if (place_of(a) != place_of(b)) {
        move(cx, job, a, !goal);
        move(cx, job, b, !goal);
    }
    if (((a->sorted | b->sorted) & FL_SORTED_STOPPED) ||
        !fl_order_is_less(order, first_of(job, b), last_of(job, a)))
        return a->sorted | b->sorted;
    unsigned target = !place_of(a);
    struct fl_merge m = {first_of(job, a), first_of(job, b),
        a->count * order->size, b->count * order->size,
        at(job, target, a->first)};
    return target | merge(cx, job, m);
}

/* About half, so that all parts but the last are full leaves in the end. */
static size_t half_of(size_t count)
{
    return (count / 2 + FL_SORTER_LEAF - 1) / FL_SORTER_LEAF * FL_SORTER_LEAF;
}

FILCH_TASK(unsigned, sort, const struct job *, job, size_t, first, size_t,
    count, unsigned, goal)
{
    if (count <= FL_SORTER_LEAF)
        return filch_stopping(cx)
                   ? FL_SORTED_STOPPED
                   : job->sorter->sort(at(job, 0, first), at(job, 1, first),
                         count, goal, &job->order);
    size_t half = half_of(count);
    sort_fork(&cx, job, first + half, count - half, !goal);
    struct part a = {first, half, sort(cx, job, first, half, !goal)};
    struct part b = {first + half, count - half, sort_join(&cx)};
    return unite(cx, job, goal, &a, &b);
}

FILCH_TASK(int, sort_all, const struct job *, job, size_t, count)
{
    struct part all = {0, count, sort(cx, job, 0, count, 0)};
    make_ascending(cx, job, &all);
    move(cx, job, &all, 0);
    return all.sorted & FL_SORTED_STOPPED ? -ECANCELED : 0;
}

void *fl_sort_allocate(size_t count, size_t size)
{
    size_t alignment = size & (~size + 1);
    if (alignment < ALIGNMENT_LEAST)
        alignment = ALIGNMENT_LEAST;
    if (alignment > ALIGNMENT_MOST)
        alignment = ALIGNMENT_MOST;
    size_t bytes = (count * size + alignment - 1) / alignment * alignment;
    return aligned_alloc(alignment, bytes);
}

int fl_sort_small(
    filch_executor *ex, void *base, size_t count, const struct fl_order *order)
{
    struct job job = {*order, fl_sorter_for(order),
        {base, fl_sort_allocate(count, order->size)}};
    int result = -ENOMEM;
    int rc = 0;
    if (job.places[1])
        rc = sort_all_run(ex, &result, &job, count);
    free(job.places[1]);
    return rc ? rc : result;
}

int filch_sort_stable(filch_executor *ex, void *base, size_t count, size_t size,
    filch_compare *compare, void *arg)
{
    struct fl_order order = {compare, arg, size, false};
    if (!ex || !compare || !size || (count && !base) ||
        count > PTRDIFF_MAX / size)
        return -EINVAL;
    if (count < 2)
        return 0;
    return size <= FL_SORTER_SIZE_MOST ? fl_sort_small(ex, base, count, &order)
                                       : fl_sort_large(ex, base, count, &order);
}

/* Nothing that need not be stable was faster: docs/design/rejected.md. */
int filch_sort(filch_executor *ex, void *base, size_t count, size_t size,
    filch_compare *compare, void *arg)
{
    return filch_sort_stable(ex, base, count, size, compare, arg);
}
