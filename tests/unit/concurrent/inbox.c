/* SPDX-License-Identifier: MIT */
/* The inbox when one thread submits and takes: in what order, how many at
 * once, and what is said of the rest. */
#include "../../support/stress.h"

#include "concurrent/inbox.h"

#include <criterion/criterion.h>

TestSuite(inbox, .timeout = 120);

enum { CAPACITY = 4, MANY = 20000, MOST = 8 };

static char cells[MANY];
static struct fl_inbox inbox;

static void open_inbox(int64_t capacity)
{
    cr_assert_eq(fl_inbox_init(&inbox, capacity), 0);
}

static void close_inbox(void)
{
    fl_inbox_free(&inbox);
}

/* Entries [first, end), in this order. */
static void submit(int first, int end)
{
    fl_lock_take(&inbox.lock);
    for (int i = first; i < end; i++)
        cr_assert_eq(fl_inbox_push(&inbox, &cells[i]), 0);
    fl_lock_drop(&inbox.lock);
}

/* Takes up to `most`, which are the entries from `first` on: how many; says
 * whether they were the last. */
static int take(int first, int most, bool *emptied)
{
    void *xs[MOST + 1] = {0};
    size_t count = fl_inbox_take(&inbox, xs, (size_t)most, emptied);
    cr_assert_leq(count, (size_t)most);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(xs[i], &cells[first + (int)i]);
    for (size_t i = count; i <= MOST; i++)
        cr_assert_null(xs[i], "more than it said");
    return (int)count;
}

static void must_be_empty(void)
{
    bool emptied;
    cr_assert_eq(fl_inbox_size(&inbox), 0);
    cr_assert_eq(take(0, MOST, &emptied), 0);
    cr_assert_eq(take(0, 1, &emptied), 0);
    cr_assert_eq(fl_inbox_size(&inbox), 0);
}

Test(inbox, starts_empty)
{
    open_inbox(CAPACITY);
    must_be_empty();
    close_inbox();
}

Test(inbox, first_in_first_out)
{
    open_inbox(CAPACITY);
    submit(0, CAPACITY);
    for (int i = 0; i < CAPACITY; i++) {
        bool emptied;
        cr_assert_eq(fl_inbox_size(&inbox), CAPACITY - i);
        cr_assert_eq(take(i, 1, &emptied), 1);
        cr_assert_eq(emptied, i == CAPACITY - 1);
    }
    must_be_empty();
    close_inbox();
}

Test(inbox, can_be_filled_again)
{
    open_inbox(CAPACITY);
    for (int i = 0; i < 100; i++) {
        bool emptied = false;
        submit(i, i + 1);
        cr_assert_eq(take(i, i % MOST + 1, &emptied), 1);
        cr_assert(emptied);
        must_be_empty();
    }
    close_inbox();
}

/* Half of them, rounded up, since others want some too. */
Test(inbox, takes_half_at_once)
{
    for (int size = 1; size <= 40; size++) {
        for (int most = 1; most <= MOST; most++) {
            bool emptied = size > 1;
            int half = (size + 1) / 2;
            int expected = half < most ? half : most;
            open_inbox(CAPACITY);
            submit(0, size);
            cr_assert_eq(take(0, most, &emptied), expected);
            cr_assert_eq(emptied, size == 1);
            cr_assert_eq(fl_inbox_size(&inbox), size - expected);
            close_inbox();
        }
    }
}

Test(inbox, says_when_it_is_emptied)
{
    static const int counts[] = {4, 4, 2, 1, 1};
    int first = 0;
    open_inbox(CAPACITY);
    submit(0, 12);
    for (int i = 0; i < 5; i++) {
        bool emptied = i != 4;
        cr_assert_eq(take(first, 4, &emptied), counts[i]);
        cr_assert_eq(emptied, i == 4);
        first += counts[i];
    }
    must_be_empty();
    close_inbox();
}

/* What workers know of the end is old by then. */
Test(inbox, finds_what_came_later)
{
    bool emptied;
    open_inbox(CAPACITY);
    submit(0, 2);
    cr_assert_eq(take(0, 1, &emptied), 1);
    submit(2, 3);
    cr_assert_eq(fl_inbox_size(&inbox), 2);
    cr_assert_eq(take(1, 1, &emptied), 1);
    emptied = false;
    cr_assert_eq(take(2, 1, &emptied), 1);
    cr_assert(emptied);
    must_be_empty();
    close_inbox();
}

/* Takes entries [first, end), and no more are there. */
static void take_all(int first, int end)
{
    while (first < end) {
        bool emptied;
        int count = take(first, MOST, &emptied);
        cr_assert_gt(count, 0);
        first += count;
    }
    must_be_empty();
}

/* The entries may lie in the ring in any way when it grows. */
Test(inbox, grows_with_entries_in_it)
{
    for (int shift = 0; shift < 2 * CAPACITY; shift++) {
        open_inbox(CAPACITY);
        for (int i = 0; i < shift; i++) {
            submit(i, i + 1);
            take_all(i, i + 1);
        }
        submit(shift, shift + 3 * CAPACITY);
        cr_assert_eq(fl_inbox_size(&inbox), 3 * CAPACITY);
        take_all(shift, shift + 3 * CAPACITY);
        close_inbox();
    }
}

Test(inbox, grows_from_one_to_many)
{
    open_inbox(1);
    submit(0, MANY);
    cr_assert_eq(fl_inbox_size(&inbox), MANY);
    take_all(0, MANY);
    close_inbox();
}

/* Room is what workers have left, however many have passed through. */
Test(inbox, does_not_grow_as_the_indices_do)
{
    open_inbox(CAPACITY);
    const struct fl_ring *ring = load_relaxed(&inbox.ring);
    submit(0, CAPACITY);
    for (int i = CAPACITY; i < MANY; i++) {
        bool emptied;
        cr_assert_eq(take(i - CAPACITY, 1, &emptied), 1);
        submit(i, i + 1);
    }
    cr_assert_eq(load_relaxed(&inbox.ring), ring);
    take_all(MANY - CAPACITY, MANY);
    close_inbox();
}

Test(inbox, any_sequence_keeps_the_order)
{
    uint64_t random = 1;
    int submitted = 0;
    int taken = 0;
    open_inbox(2);
    while (submitted < MANY - MOST) {
        /* Tides, so that it is empty at times and grows at others. */
        if (draw(&random, 4) <= submitted / 500 % 2) {
            int count = 1 + draw(&random, MOST);
            submit(submitted, submitted + count);
            submitted += count;
        } else {
            bool emptied = false;
            int size = submitted - taken;
            int count = take(taken, 1 + draw(&random, MOST), &emptied);
            taken += count;
            cr_assert_eq(count > 0, size > 0);
            cr_assert_leq(count, (size + 1) / 2);
            cr_assert(emptied || count == 0 || taken < submitted);
        }
        cr_assert_eq(fl_inbox_size(&inbox), submitted - taken);
    }
    take_all(taken, submitted);
    close_inbox();
}
