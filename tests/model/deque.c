/* SPDX-License-Identifier: MIT */
/* The deque: each entry comes out once, whole, whoever takes it. */
#include "model.h"

#include "concurrent/deque.h"

enum { ENTRIES = 4 };

static struct fl_deque deque;
static int entries[ENTRIES]; /* written before the push, plainly */
static int taken[ENTRIES];   /* by whoever has the entry, plainly */

static void begin(void)
{
    for (int i = 0; i < ENTRIES; i++)
        entries[i] = taken[i] = 0;
    MODEL_MUST(fl_deque_init(&deque, 2) == 0);
}

static void push(int i)
{
    entries[i] = i + 1;
    MODEL_MUST(fl_deque_push(&deque, &entries[i]) == 0);
}

/* Two that have the same entry race for it here. */
static void have(const int *entry)
{
    int i = *entry - 1;
    MODEL_MUST(i >= 0 && &entries[i] == entry);
    taken[i]++;
}

static void take(void)
{
    const int *entry = fl_deque_take(&deque);
    if (entry)
        have(entry);
}

static void steal(void)
{
    bool lost = false;
    const int *entry = fl_deque_steal(&deque, &lost);
    if (entry)
        have(entry);
}

/* Nothing is lost: what nobody has taken is still there. */
static void end(void)
{
    const int *entry;
    while ((entry = fl_deque_take(&deque)))
        have(entry);
    for (int i = 0; i < ENTRIES; i++)
        MODEL_MUST(taken[i] == (entries[i] != 0));
    fl_deque_free(&deque);
}

static void push_take(void)
{
    push(0);
    take();
}

static void push_two_take_two(void)
{
    push(0);
    push(1);
    take();
    take();
}

static void push_take_push_take(void)
{
    push(0);
    take();
    push(1);
    push(2);
    take();
}

/* The third does not fit into a ring of two. */
static void push_until_it_grows(void)
{
    push(0);
    push(1);
    push(2);
    take();
}

/* The slots of the small ring are used anew. */
static void push_around(void)
{
    push(0);
    push(1);
    take();
    take();
    push(2);
    push(3);
}

static void steal_two(void)
{
    steal();
    steal();
}

static void steal_first(void)
{
    if (fl_deque_steal_this(&deque, &entries[0]))
        have(&entries[0]);
}

static const struct model_scene scenes[] = {
    {.name = "deque/last",
        .begin = begin,
        .play = {push_take, steal, steal},
        .end = end},
    {.name = "deque/two",
        .begin = begin,
        .play = {push_two_take_two, steal_two},
        .end = end},
    {.name = "deque/two_thieves",
        .begin = begin,
        .play = {push_two_take_two, steal, steal},
        .end = end},
    {.name = "deque/again",
        .begin = begin,
        .play = {push_take_push_take, steal_two},
        .end = end},
    {.name = "deque/grow",
        .begin = begin,
        .play = {push_until_it_grows, steal_two},
        .end = end},
    {.name = "deque/reuse",
        .begin = begin,
        .play = {push_around, steal_two},
        .end = end},
    {.name = "deque/this",
        .begin = begin,
        .play = {push_two_take_two, steal_first, steal},
        .end = end},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
