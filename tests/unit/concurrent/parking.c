/* SPDX-License-Identifier: MIT */
/* Parking: each announcement is claimed or retracted, once, and only a claim
 * ends a sleep. */
#include "../../support/reader.h"

#include "concurrent/parking.h"

#include <criterion/criterion.h>

TestSuite(parking, .timeout = 120);

enum { WORDS = FL_PARKING_WORDS, MOST = FL_PARKING_MOST };

static struct fl_parking parking;

static int claim(void)
{
    return fl_parking_claim(&parking, WORDS);
}

static bool is_empty(void)
{
    return fl_parking_is_empty(&parking, WORDS);
}

Test(parking, nobody_is_there_at_first)
{
    cr_assert(is_empty());
    cr_assert_eq(claim(), -1);
    cr_assert_not(fl_parking_retract(&parking, 0));
}

Test(parking, an_announcement_is_claimed_once)
{
    fl_parking_announce(&parking, 5);
    cr_assert_not(is_empty());
    cr_assert_eq(claim(), 5);
    cr_assert(is_empty());
    cr_assert_eq(claim(), -1);
    cr_assert_not(fl_parking_retract(&parking, 5), "it has been claimed");
}

Test(parking, who_has_retracted_is_not_claimed)
{
    fl_parking_announce(&parking, 5);
    cr_assert(fl_parking_retract(&parking, 5));
    cr_assert(is_empty());
    cr_assert_eq(claim(), -1);
    cr_assert_not(fl_parking_retract(&parking, 5), "it has left already");
}

Test(parking, each_announcement_counts_anew)
{
    for (int i = 0; i < 3; i++) {
        fl_parking_announce(&parking, 7);
        cr_assert_eq(claim(), 7);
        fl_parking_announce(&parking, 7);
        cr_assert(fl_parking_retract(&parking, 7));
    }
    cr_assert(is_empty());
}

/* Neighbours in a word do not get in each other's way. */
Test(parking, others_stay)
{
    for (unsigned i = 62; i < 67; i++)
        fl_parking_announce(&parking, i);
    cr_assert(fl_parking_retract(&parking, 63));
    cr_assert(fl_parking_retract(&parking, 65));
    bool claimed[MOST] = {false};
    for (int i = 0; i < 3; i++) {
        int index = claim();
        cr_assert(index >= 0 && !claimed[index]);
        claimed[index] = true;
    }
    cr_assert(claimed[62] && claimed[64] && claimed[66]);
    cr_assert(is_empty());
}

Test(parking, all_indices_work)
{
    for (unsigned i = 0; i < MOST; i++) {
        fl_parking_announce(&parking, i);
        cr_assert_not(is_empty(), "%u", i);
        cr_assert_eq(claim(), (int)i);
        cr_assert(is_empty(), "%u", i);
    }
}

Test(parking, all_are_claimed_in_the_end)
{
    bool claimed[MOST] = {false};
    for (unsigned i = 0; i < MOST; i++)
        fl_parking_announce(&parking, i);
    for (int i = 0; i < MOST; i++) {
        int index = claim();
        cr_assert(index >= 0 && index < MOST);
        cr_assert_not(claimed[index], "%d", index);
        claimed[index] = true;
    }
    cr_assert_eq(claim(), -1);
}

/* A pool with few workers looks at few words. */
Test(parking, only_the_first_words_are_looked_at)
{
    fl_parking_announce(&parking, 64);
    fl_parking_announce(&parking, 200);
    cr_assert(fl_parking_is_empty(&parking, 0));
    cr_assert(fl_parking_is_empty(&parking, 1));
    cr_assert_not(fl_parking_is_empty(&parking, 2));
    cr_assert_eq(fl_parking_claim(&parking, 0), -1);
    cr_assert_eq(fl_parking_claim(&parking, 1), -1);
    cr_assert_eq(fl_parking_claim(&parking, 2), 64);
    cr_assert(fl_parking_is_empty(&parking, 3));
    cr_assert_eq(fl_parking_claim(&parking, 3), -1);
    cr_assert_eq(fl_parking_claim(&parking, 4), 200);
}

struct sleeper {
    unsigned index;
    struct fl_spot spot;
};

/* 0: it has been claimed; 1: it slept no longer, and was still in the set. */
static int sleep_until_claimed(void *arg)
{
    struct sleeper *sleeper = arg;
    fl_parking_announce(&parking, sleeper->index);
    fence_seq_cst();
    fl_parking_sleep(&parking, sleeper->index, &sleeper->spot);
    return fl_parking_retract(&parking, sleeper->index);
}

/* The claim comes between announcement and sleep. */
Test(parking, who_has_been_claimed_does_not_sleep)
{
    struct fl_spot spot;
    fl_spot_init(&spot);
    for (int i = 0; i < 4; i++) {
        fl_parking_announce(&parking, 100);
        cr_assert_eq(claim(), 100);
        if (i % 2)
            fl_spot_wake(&spot);
        fl_parking_sleep(&parking, 100, &spot);
        cr_assert(is_empty());
    }
}

Test(parking, a_claim_and_an_alarm_end_a_sleep)
{
    struct reader reader;
    struct sleeper sleeper = {.index = 70};
    fl_spot_init(&sleeper.spot);
    for (int i = 0; i < 3; i++) {
        reader_start(&reader, sleep_until_claimed, &sleeper);
        cr_assert_eq(claim(), 70);
        fl_spot_wake(&sleeper.spot);
        cr_assert_eq(reader_join(&reader), 0);
    }
}

/* It comes late, for an earlier claim: the sleeper only looks at its bit. */
Test(parking, an_alarm_alone_does_not_end_a_sleep)
{
    struct reader reader;
    struct sleeper sleeper = {.index = 3};
    fl_spot_init(&sleeper.spot);
    reader_start(&reader, sleep_until_claimed, &sleeper);
    for (int i = 0; i < 10; i++) {
        fl_spot_wake(&sleeper.spot);
        UNTIL(is_asleep(atomic_load(&reader.tid)));
        cr_assert_not(is_empty());
    }
    cr_assert_eq(claim(), 3);
    fl_spot_wake(&sleeper.spot);
    cr_assert_eq(reader_join(&reader), 0);
}

Test(parking, the_claimed_one_wakes_and_no_other)
{
    struct reader readers[3];
    struct sleeper sleepers[3] = {{.index = 1}, {.index = 65}, {.index = 2047}};
    for (int i = 0; i < 3; i++) {
        fl_spot_init(&sleepers[i].spot);
        reader_start(&readers[i], sleep_until_claimed, &sleepers[i]);
    }
    for (int left = 3; left > 0; left--) {
        int i = 0;
        int index = claim();
        while (i < 3 && sleepers[i].index != (unsigned)index)
            i++;
        cr_assert_lt(i, 3, "%d is not asleep", index);
        fl_spot_wake(&sleepers[i].spot);
        cr_assert_eq(reader_join(&readers[i]), 0);
        cr_assert_eq(is_empty(), left == 1);
    }
}
