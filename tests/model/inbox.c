/* SPDX-License-Identifier: MIT */
/* The inbox: two submitters under its lock, two workers without. */
#include "model.h"

#include "concurrent/inbox.h"

enum { ENTRIES = 4 };

static struct fl_inbox inbox;
static int entries[ENTRIES];
static int taken[ENTRIES];

static void begin(void)
{
    for (int i = 0; i < ENTRIES; i++)
        entries[i] = taken[i] = 0;
    MODEL_MUST(fl_inbox_init(&inbox, 2) == 0);
}

static void push_locked(int i)
{
    entries[i] = i + 1;
    MODEL_MUST(fl_inbox_push(&inbox, &entries[i]) == 0);
}

static void push(int i)
{
    fl_lock_take(&inbox.lock);
    push_locked(i);
    fl_lock_drop(&inbox.lock);
}

static void have(const int *entry)
{
    int i = *entry - 1;
    MODEL_MUST(i >= 0 && &entries[i] == entry);
    taken[i]++;
}

static size_t take(size_t most)
{
    void *xs[ENTRIES];
    bool emptied;
    size_t count = fl_inbox_take(&inbox, xs, most, &emptied);
    for (size_t i = 0; i < count; i++)
        have(xs[i]);
    return count;
}

static void end(void)
{
    while (take(1))
        continue;
    for (int i = 0; i < ENTRIES; i++)
        MODEL_MUST(taken[i] == (entries[i] != 0));
    fl_inbox_free(&inbox);
}

static void push_first(void)
{
    push(0);
}

static void push_second(void)
{
    push(1);
}

static void push_two(void)
{
    push(0);
    push(1);
}

static void push_three(void)
{
    push(0);
    push(1);
    push(2);
}

static void take_one(void)
{
    (void)take(1);
}

static void take_some(void)
{
    (void)take(2);
    (void)take(2);
}

/* The slots are used anew. */
static void push_and_push_again(void)
{
    push(0);
    push(1);
    (void)take(1);
    (void)take(1);
    push(2);
    push(3);
}

static const struct model_scene scenes[] = {
    {.name = "inbox/two_submitters",
        .begin = begin,
        .play = {push_first, push_second, take_some},
        .end = end},
    {.name = "inbox/two_workers",
        .begin = begin,
        .play = {push_two, take_one, take_one},
        .end = end},
    {.name = "inbox/three",
        .begin = begin,
        .play = {push_three, take_one, take_some},
        .end = end},
    {.name = "inbox/grow",
        .begin = begin,
        .play = {push_three, take_some},
        .end = end},
    {.name = "inbox/reuse",
        .begin = begin,
        .play = {push_and_push_again, take_some},
        .end = end},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
