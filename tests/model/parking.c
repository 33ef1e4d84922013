/* SPDX-License-Identifier: MIT */
/* Parking: nobody sleeps beside a reason not to. */
#include "model.h"

#include "concurrent/parking.h"
#include "platform/thread.h"

static struct fl_parking parking;
static struct fl_spot spots[2];
static _Atomic int work; /* published */
static _Atomic int done;

static void begin(void)
{
    for (int i = 0; i < FL_PARKING_WORDS; i++)
        atomic_init(&parking.set[i], 0);
    fl_spot_init(&spots[0]);
    fl_spot_init(&spots[1]);
    atomic_init(&work, 0);
    atomic_init(&done, 0);
}

static bool take_work(void)
{
    int n = load_relaxed(&work);
    while (n > 0)
        if (cas_weak_relaxed(&work, &n, n - 1))
            return true;
    return false;
}

/* Until it has had one piece of work. */
static void work_as(unsigned me)
{
    while (!take_work()) {
        fl_parking_announce(&parking, me);
        fence_seq_cst();
        if (load_relaxed(&work) > 0) {
            (void)fl_parking_retract(&parking, me);
            continue;
        }
        fl_parking_sleep(&parking, me, &spots[me]);
    }
    fetch_add_relaxed(&done, 1);
}

static void work_0(void)
{
    work_as(0);
}
static void work_1(void)
{
    work_as(1);
}

static void notify(void)
{
    fetch_add_relaxed(&work, 1);
    fence_seq_cst();
    int index = fl_parking_claim(&parking, 1);
    if (index >= 0)
        fl_spot_wake(&spots[index]);
}

static void notify_twice(void)
{
    notify();
    notify();
}

/* For exactly this one: no fence, both change the same word [ERRAND]. */
static void notify_first(void)
{
    fetch_add_relaxed(&work, 1);
    if (fl_parking_retract(&parking, 0))
        fl_spot_wake(&spots[0]);
}

static void end_one(void)
{
    MODEL_MUST(load_relaxed(&done) == 1);
}
static void end_two(void)
{
    MODEL_MUST(load_relaxed(&done) == 2);
}

/* A claim hands over what its notifier did. */
static int message;

static void begin_message(void)
{
    begin();
    message = 0;
}

static void sleep_for_message(void)
{
    fl_parking_announce(&parking, 0);
    fl_parking_sleep(&parking, 0, &spots[0]);
    MODEL_MUST(message == 1);
}

static void bring_message(void)
{
    int index;
    message = 1;
    while ((index = fl_parking_claim(&parking, 1)) < 0)
        fl_thread_yield();
    fl_spot_wake(&spots[index]);
}

/* One announces, and changes its mind; the claim comes first, or too late. */
static void announce_and_retract(void)
{
    fl_parking_announce(&parking, 0);
    if (!fl_parking_retract(&parking, 0))
        MODEL_MUST(message == 1);
}

static void claim_once(void)
{
    message = 1;
    int index = fl_parking_claim(&parking, 1);
    if (index >= 0)
        fl_spot_wake(&spots[index]);
}

static const struct model_scene scenes[] = {
    {.name = "parking/one",
        .begin = begin,
        .play = {work_0, notify},
        .end = end_one,
        .preemptions = 3},
    {.name = "parking/first",
        .begin = begin,
        .play = {work_0, notify_first},
        .end = end_one,
        .preemptions = 3},
    {.name = "parking/two",
        .begin = begin,
        .play = {work_0, work_1, notify_twice},
        .end = end_two},
    {.name = "parking/two_notifiers",
        .begin = begin,
        .play = {work_0, work_1, notify, notify},
        .end = end_two,
        .preemptions = 1,
        .stale = 1},
    {.name = "parking/message",
        .begin = begin_message,
        .play = {sleep_for_message, bring_message}},
    {.name = "parking/retract",
        .begin = begin_message,
        .play = {announce_and_retract, claim_once}},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
