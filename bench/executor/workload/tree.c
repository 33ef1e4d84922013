/* SPDX-License-Identifier: MIT */
/*
 * A binary tree of tasks, each of which submits its two children. Nodes are
 * numbered as in a heap: the root is 1, the children of i are 2i and 2i + 1.
 *
 * tree            nobody asks for a task's outcome; leaves are counted, and
 *                 the last one ends the round.
 * tree_futures    every task has a ticket, and the outside waits for each.
 *
 * Leaves count in 64 places, by subtree, so that workers in different
 * subtrees do not meet on one counter: it is the pool that is measured.
 */
#include "workload.h"

#include <semaphore.h>
#include <stdlib.h>

enum { PLACES = 64, PLACE_LEVEL = 6 };

/* How many leaves, in the high bits, and the sum of their numbers. */
#define ONE_LEAF ((uint64_t)1 << 44)

struct place {
    _Alignas(64) uint64_t count_and_sum; /* atomic */
};

static struct tree {
    struct bench_state *st;
    void *submitter;
    struct tickets tickets;
    size_t leaves; /* also the number of the first one */
    int leaf_level;
    sem_t end;
    _Alignas(64) size_t places_left; /* atomic */
    struct place places[PLACES];
} tree;

/* A leaf's last access is the post. */
static void count_leaf(size_t leaf)
{
    struct place *place =
        &tree.places[(leaf >> (tree.leaf_level - PLACE_LEVEL)) % PLACES];
    uint64_t all = tree.leaves / PLACES * ONE_LEAF;
    uint64_t now = __atomic_add_fetch(
        &place->count_and_sum, ONE_LEAF + leaf, __ATOMIC_ACQ_REL);

    if (now / ONE_LEAF * ONE_LEAF != all)
        return;
    if (__atomic_sub_fetch(&tree.places_left, 1, __ATOMIC_ACQ_REL) == 0)
        sem_post(&tree.end);
}

static void *node(void *arg)
{
    size_t i = (size_t)arg;

    if (i >= tree.leaves) {
        count_leaf(i);
        return arg;
    }
    pool_ops.post(tree.submitter, node, (void *)(2 * i));
    pool_ops.post(tree.submitter, node, (void *)(2 * i + 1));
    return arg;
}

static int sums_are_right(void)
{
    uint64_t first = tree.leaves, last = 2 * tree.leaves - 1, sum = 0;

    for (int i = 0; i < PLACES; i++)
        sum += tree.places[i].count_and_sum % ONE_LEAF;
    return sum == (first + last) * (last - first + 1) / 2;
}

/* Nonzero if the results are right. */
static int grow(void)
{
    for (int i = 0; i < PLACES; i++)
        tree.places[i].count_and_sum = 0;
    tree.places_left = PLACES;
    pool_ops.post(tree.submitter, node, (void *)1);
    while (sem_wait(&tree.end))
        ;
    return sums_are_right();
}

static void *node_with_ticket(void *arg)
{
    size_t i = (size_t)arg;

    if (i >= tree.leaves)
        return arg;
    pool_ops.submit(tree.submitter, ticket_at(tree.tickets, 2 * i),
        node_with_ticket, (void *)(2 * i));
    pool_ops.submit(tree.submitter, ticket_at(tree.tickets, 2 * i + 1),
        node_with_ticket, (void *)(2 * i + 1));
    return arg;
}

/* A parent is done before its children's tickets are looked at. */
static int grow_with_tickets(void)
{
    size_t nodes = 2 * tree.leaves - 1, sum = 0;

    pool_ops.submit(tree.submitter, ticket_at(tree.tickets, 1),
        node_with_ticket, (void *)1);
    for (size_t i = 1; i <= nodes; i++)
        sum +=
            (size_t)pool_ops.wait(tree.submitter, ticket_at(tree.tickets, i));
    return sum == nodes * (nodes + 1) / 2;
}

static void repeat(int (*grow_once)(void))
{
    int is_right = grow_once();

    while (bench_next(tree.st))
        is_right &= grow_once();
    if (!is_right)
        bench_fail(tree.st, "wrong results");
    bench_set_items(tree.st, (int64_t)(2 * tree.leaves - 1));
}

static void counted_body(void *submitter, void *arg)
{
    (void)arg;
    tree.submitter = submitter;
    repeat(grow);
}

static void ticket_body(void *submitter, void *arg)
{
    (void)arg;
    tree.submitter = submitter;
    tree.tickets = tickets_new(2 * tree.leaves);
    repeat(grow_with_tickets);
    tickets_free(tree.tickets);
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;

    tree.st = st;
    tree.leaf_level = setup->scale->tree_depth - 1;
    tree.leaves = (size_t)1 << tree.leaf_level;
    sem_init(&tree.end, 0, 0);
    with_pool(
        st, setup->workers, setup->variant ? ticket_body : counted_body, NULL);
    sem_destroy(&tree.end);
}

void register_tree(const struct scale *scale)
{
    struct setup setup = {.scale = scale, .iterations = scale->iterations};

    if (!(pool_ops.abilities & POOL_SUBMITS_INSIDE))
        return;
    for (setup.workers = 1; setup.workers <= 2; setup.workers++) {
        setup.variant = 0;
        add_workload("tree", run, setup);
        setup.variant = 1;
        add_workload("tree_futures", run, setup);
    }
}
