/* SPDX-License-Identifier: MIT */
/*
 * Fork and join at work: each program gives what its serial form gives, on
 * pools of one to sixteen workers, alone and several at a time.
 */
#include "../support/fib.h"
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

static long serial_fib(int n)
{
    return n < 2 ? n : serial_fib(n - 1) + serial_fib(n - 2);
}

/* Ten forks before ten joins. */
FILCH_TASK(long, skynet, long, first, long, size)
{
    long sum = 0;
    if (size == 1)
        return first;
    for (long i = 0; i < 10; i++)
        skynet_fork(&cx, first + i * size / 10, size / 10);
    for (int i = 0; i < 10; i++)
        sum += skynet_join(&cx);
    return sum;
}

/* Queens that stand, as bits: columns and the two diagonals. */
FILCH_TASK(int, queens, int, n, unsigned, down, unsigned, left, unsigned, right)
{
    unsigned all = (1U << n) - 1;
    unsigned free = all & ~(down | left | right);
    int forks = 0;
    int sum = down == all;
    for (; free; free &= free - 1, forks++) {
        unsigned bit = free & -free;
        queens_fork(
            &cx, n, down | bit, (left | bit) << 1 & all, (right | bit) >> 1);
    }
    while (forks-- > 0)
        sum += queens_join(&cx);
    return sum;
}

static size_t split(int *values, size_t count)
{
    int pivot = values[(count - 1) / 2];
    size_t low = 0;
    for (size_t high = count - 1;; low++, high--) {
        while (values[low] < pivot)
            low++;
        while (values[high] > pivot)
            high--;
        if (low >= high)
            return high + 1;
        int kept = values[low];
        values[low] = values[high];
        values[high] = kept;
    }
}

FILCH_VOID_TASK(sort, int *, values, size_t, count)
{
    if (count < 2)
        return;
    size_t low = split(values, count);
    sort_fork(&cx, values, low);
    sort(cx, values + low, count - low);
    sort_join(&cx);
}

/* Matrices of SIDE x SIDE, by quarters: c += a * b. */
enum { SIDE = 32, SORTED = 4000 };
typedef long matrix[SIDE][SIDE];

struct quarter {
    long (*m)[SIDE];
    int row, column;
};

static struct quarter quarter_of(struct quarter q, int row, int column)
{
    return (struct quarter){q.m, q.row + row, q.column + column};
}

FILCH_VOID_TASK(multiply, struct quarter, c, struct quarter, a, struct quarter,
    b, int, side)
{
    int half = side / 2;
    if (side == 1) {
        c.m[c.row][c.column] += a.m[a.row][a.column] * b.m[b.row][b.column];
        return;
    }
    for (int k = 0; k < side; k += half) { /* the two terms of each sum */
        for (int i = 0; i < 4; i++)
            multiply_fork(&cx, quarter_of(c, i / 2 * half, i % 2 * half),
                quarter_of(a, i / 2 * half, k), quarter_of(b, k, i % 2 * half),
                half);
        for (int i = 0; i < 4; i++)
            multiply_join(&cx);
    }
}

/* A tree whose shape is in its seed; most of it is in few of the branches. */
static uint64_t branch_seed(uint64_t seed, int branch)
{
    seed += (uint64_t)branch;
    return draw_bits(&seed);
}

static int branches(uint64_t seed, int depth)
{
    if (depth == 0 || seed % 8 == 0)
        return 0;
    return seed % 3 == 0 ? 5 : 1;
}

static long serial_tree(uint64_t seed, int depth)
{
    long nodes = 1;
    for (int i = 0; i < branches(seed, depth); i++)
        nodes += serial_tree(branch_seed(seed, i), depth - 1);
    return nodes;
}

FILCH_TASK(long, tree, uint64_t, seed, int, depth)
{
    long nodes = 1;
    for (int i = 0; i < branches(seed, depth); i++)
        tree_fork(&cx, branch_seed(seed, i), depth - 1);
    for (int i = 0; i < branches(seed, depth); i++)
        nodes += tree_join(&cx);
    return nodes;
}

static void compute(filch_executor *ex)
{
    long value = -1;
    int queens_standing = -1;
    MUST(fib_run(ex, &value, 19) == 0 && value == serial_fib(19));
    MUST(skynet_run(ex, &value, 0, 10000) == 0 && value == 49995000);
    MUST(queens_run(ex, &queens_standing, 8, 0, 0, 0) == 0);
    MUST(queens_standing == 92);
}

static void sort_random(filch_executor *ex, uint64_t random)
{
    static _Thread_local int values[SORTED];
    long sum = 0;
    for (int i = 0; i < SORTED; i++)
        sum += values[i] = draw(&random, SORTED / 2);
    MUST(sort_run(ex, values, SORTED) == 0);
    for (int i = 0; i < SORTED; i++) {
        MUST(i == 0 || values[i - 1] <= values[i]);
        sum -= values[i];
    }
    MUST(sum == 0);
}

static void multiply_random(filch_executor *ex, uint64_t random)
{
    static _Thread_local matrix a, b, c;
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = draw(&random, 100);
        b[i / SIDE][i % SIDE] = draw(&random, 100);
        c[i / SIDE][i % SIDE] = 0;
    }
    MUST(multiply_run(ex, (struct quarter){c, 0, 0}, (struct quarter){a, 0, 0},
             (struct quarter){b, 0, 0}, SIDE) == 0);
    for (int i = 0; i < SIDE * SIDE; i++) {
        for (int k = 0; k < SIDE; k++)
            c[i / SIDE][i % SIDE] -= a[i / SIDE][k] * b[k][i % SIDE];
        MUST(c[i / SIDE][i % SIDE] == 0);
    }
}

static void grow_trees(filch_executor *ex, uint64_t random)
{
    for (int i = 0; i < 20; i++) {
        uint64_t seed = draw_bits(&random);
        long nodes = -1;
        MUST(tree_run(ex, &nodes, seed, 14) == 0);
        MUST(nodes == serial_tree(seed, 14));
    }
}

static void compute_all(filch_executor *ex, uint64_t random)
{
    compute(ex);
    sort_random(ex, random);
    multiply_random(ex, random);
    grow_trees(ex, random);
}

static void *compute_beside_others(void *arg)
{
    struct stress_thread *thread = arg;
    compute_all(thread->shared, thread->random);
    return NULL;
}

int main(int argc, char **argv)
{
    static const int workers[] = {1, 2, 4, 16};
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 8 * s.scale; i++) {
        filch_executor *ex = open_with((struct filch_config){
            .workers = workers[i % 4], .spares = i % 8 < 4 ? 0 : -1});
        compute_all(ex, s.seed + i);
        stress_run(compute_beside_others, s.seed + i, ex);
        MUST(filch_executor_close(ex) == 0);
    }
    return 0;
}
