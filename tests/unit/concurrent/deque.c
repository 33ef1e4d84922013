/* SPDX-License-Identifier: MIT */
/* The deque as its owner sees it when no other thread is about: which entry
 * comes out next, and what is left of the ones that are out. */
#include "../../support/stress.h"

#include "concurrent/deque.h"

#include <criterion/criterion.h>

TestSuite(deque, .timeout = 120);

enum { CAPACITY = 4, MANY = 20000 };

static char cells[MANY];
static struct fl_deque deque;

static void open_deque(int64_t capacity)
{
    cr_assert_eq(fl_deque_init(&deque, capacity), 0);
}

static void close_deque(void)
{
    fl_deque_free(&deque);
}

/* Entries [first, end), in this order. */
static void push(int first, int end)
{
    for (int i = first; i < end; i++)
        cr_assert_eq(fl_deque_push(&deque, &cells[i]), 0);
}

/* The number of the entry, or -1. */
static int number_of(const void *entry)
{
    return entry ? (int)((const char *)entry - cells) : -1;
}

static int take(void)
{
    return number_of(fl_deque_take(&deque));
}

/* Nobody is there to lose against. */
static int steal(void)
{
    bool lost = false;
    int number = number_of(fl_deque_steal(&deque, &lost));
    cr_assert_not(lost);
    return number;
}

static bool steal_this(int number)
{
    return fl_deque_steal_this(&deque, &cells[number]);
}

static void must_be_empty(void)
{
    cr_assert_eq(fl_deque_size(&deque), 0);
    cr_assert_eq(take(), -1);
    cr_assert_eq(steal(), -1);
    cr_assert_eq(fl_deque_size(&deque), 0);
}

Test(deque, starts_empty)
{
    open_deque(CAPACITY);
    cr_assert_null(fl_deque_newest(&deque));
    cr_assert_not(steal_this(0));
    must_be_empty();
    close_deque();
}

Test(deque, take_is_last_in_first_out)
{
    open_deque(CAPACITY);
    push(0, CAPACITY);
    for (int i = CAPACITY; i-- > 0;) {
        cr_assert_eq(fl_deque_size(&deque), i + 1);
        cr_assert_eq(take(), i);
    }
    must_be_empty();
    close_deque();
}

Test(deque, steal_is_first_in_first_out)
{
    open_deque(CAPACITY);
    push(0, CAPACITY);
    for (int i = 0; i < CAPACITY; i++) {
        cr_assert_eq(fl_deque_size(&deque), CAPACITY - i);
        cr_assert_eq(steal(), i);
    }
    must_be_empty();
    close_deque();
}

Test(deque, the_two_ends_meet)
{
    open_deque(CAPACITY);
    push(0, 4);
    cr_assert_eq(take(), 3);
    cr_assert_eq(steal(), 0);
    cr_assert_eq(take(), 2);
    cr_assert_eq(steal(), 1);
    must_be_empty();
    close_deque();
}

/* However the last one went, and however often it was looked for after that,
 * the next one is where it belongs. */
Test(deque, the_last_entry_goes_once)
{
    open_deque(CAPACITY);
    for (int i = 0; i < 100; i++) {
        push(i, i + 1);
        cr_assert_eq(i % 2 ? take() : steal(), i);
        must_be_empty();
        must_be_empty();
    }
    close_deque();
}

Test(deque, what_was_stolen_is_not_taken)
{
    open_deque(CAPACITY);
    push(0, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(steal(), i);
    must_be_empty();
    push(3, 5);
    cr_assert_eq(take(), 4);
    cr_assert_eq(take(), 3);
    must_be_empty();
    close_deque();
}

Test(deque, steal_this_wants_the_oldest)
{
    open_deque(CAPACITY);
    push(0, 3);
    cr_assert_not(steal_this(1));
    cr_assert_not(steal_this(2));
    cr_assert_not(steal_this(7), "it has never been in");
    cr_assert_eq(fl_deque_size(&deque), 3);
    cr_assert(steal_this(0));
    cr_assert_not(steal_this(0));
    cr_assert(steal_this(1));
    cr_assert(steal_this(2), "the last one");
    must_be_empty();
    close_deque();
}

/* The slot still has the pointer, but the entry is gone. */
Test(deque, steal_this_is_not_fooled_by_a_stale_slot)
{
    open_deque(CAPACITY);
    push(0, 1);
    cr_assert_eq(take(), 0);
    cr_assert_not(steal_this(0));
    must_be_empty();
    push(1, 2);
    cr_assert_eq(steal(), 1);
    cr_assert_not(steal_this(1));
    push(2, 3);
    cr_assert_not(steal_this(0));
    cr_assert_not(steal_this(1));
    cr_assert(steal_this(2));
    must_be_empty();
    close_deque();
}

/* As a task does that is submitted again: the pointer is no proof of its
 * age, and the entry comes out as often as it was pushed. */
Test(deque, an_entry_may_come_back)
{
    open_deque(CAPACITY);
    push(0, 1);
    push(1, 2);
    push(0, 1);
    cr_assert_eq(number_of(fl_deque_newest(&deque)), 0);
    cr_assert(steal_this(0));
    cr_assert_not(steal_this(0), "1 is the oldest");
    cr_assert_eq(take(), 0);
    cr_assert_eq(take(), 1);
    must_be_empty();
    close_deque();
}

Test(deque, newest_is_what_take_would_return)
{
    open_deque(CAPACITY);
    push(0, 10);
    cr_assert_eq(steal(), 0);
    for (int i = 10; i-- > 1;) {
        cr_assert_eq(number_of(fl_deque_newest(&deque)), i);
        cr_assert_eq(fl_deque_size(&deque), i, "it is still in");
        cr_assert_eq(take(), i);
    }
    push(10, 11);
    cr_assert_eq(number_of(fl_deque_newest(&deque)), 10);
    close_deque();
}

/* The entries may lie in the ring in any way when it grows. */
Test(deque, grows_with_entries_in_it)
{
    for (int shift = 0; shift < 2 * CAPACITY; shift++) {
        open_deque(CAPACITY);
        for (int i = 0; i < shift; i++) {
            push(i, i + 1);
            cr_assert_eq(steal(), i);
        }
        push(shift, shift + 3 * CAPACITY);
        cr_assert_eq(fl_deque_size(&deque), 3 * CAPACITY);
        for (int i = 0; i < CAPACITY; i++)
            cr_assert_eq(steal(), shift + i);
        for (int i = 3 * CAPACITY; i-- > CAPACITY;)
            cr_assert_eq(take(), shift + i);
        must_be_empty();
        close_deque();
    }
}

Test(deque, grows_from_one_to_many)
{
    open_deque(1);
    push(0, MANY);
    cr_assert_eq(fl_deque_size(&deque), MANY);
    for (int i = 0; i < MANY / 2; i++) {
        cr_assert_eq(steal(), i);
        cr_assert_eq(take(), MANY - 1 - i);
    }
    must_be_empty();
    close_deque();
}

/* Room is what thieves have left, however many have passed through. */
Test(deque, does_not_grow_as_the_indices_do)
{
    open_deque(CAPACITY);
    const struct fl_ring *ring = load_relaxed(&deque.ring);
    push(0, CAPACITY);
    for (int i = CAPACITY; i < MANY; i++) {
        cr_assert_eq(steal(), i - CAPACITY);
        push(i, i + 1);
        if (i % 3 == 0) {
            cr_assert_eq(take(), i);
            push(i, i + 1);
        }
    }
    cr_assert_eq(load_relaxed(&deque.ring), ring);
    for (int i = MANY; i-- > MANY - CAPACITY;)
        cr_assert_eq(take(), i);
    must_be_empty();
    close_deque();
}

/* An array that the same is done to. */
static struct {
    int entries[MANY];
    int first;
    int end;
} model;

static void step_out(uint64_t *random)
{
    bool is_empty = model.first == model.end;
    if (draw(random, 2) == 0) {
        int newest = is_empty ? -1 : model.entries[--model.end];
        cr_assert_eq(take(), newest);
    } else if (draw(random, 2) == 0 && !is_empty) {
        int guess = model.first + draw(random, model.end - model.first);
        cr_assert_eq(steal_this(model.entries[guess]), guess == model.first);
        model.first += guess == model.first;
    } else {
        cr_assert_eq(steal(), is_empty ? -1 : model.entries[model.first]);
        model.first += !is_empty;
    }
}

Test(deque, any_sequence_is_as_in_an_array)
{
    uint64_t random = 1;
    int pushed = 0;
    open_deque(2);
    while (pushed < MANY) {
        /* Tides, so that it is empty at times and grows at others. */
        int tide = pushed / 500 % 2 ? 3 : 2;
        if (draw(&random, 5) < tide) {
            push(pushed, pushed + 1);
            model.entries[model.end++] = pushed++;
        } else {
            step_out(&random);
        }
        cr_assert_eq(fl_deque_size(&deque), model.end - model.first);
    }
    while (model.first < model.end)
        cr_assert_eq(take(), model.entries[--model.end]);
    must_be_empty();
    close_deque();
}
