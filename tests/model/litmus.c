/* SPDX-License-Identifier: MIT */
/* The checker itself: shapes whose outcomes are known. Each scene collects
 * the outcomes that it meets; the last line of each says which there are. */
#include "model.h"

#include "platform/futex.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_int x, y, z;
static int plain, r1, r2, r3, r4;
static unsigned outcomes; /* a bit for each that a scene has met */

#define rlx memory_order_relaxed
#define acq memory_order_acquire
#define rel memory_order_release
#define sc memory_order_seq_cst
#define ld(p, o) atomic_load_explicit(&(p), o)
#define st(p, v, o) atomic_store_explicit(&(p), (v), o)

static void begin(void)
{
    atomic_init(&x, 0);
    atomic_init(&y, 0);
    atomic_init(&z, 0);
    plain = 0;
    r1 = r2 = r3 = r4 = -1;
}

/* The outcome is r1 and r2 as binary digits. */
static void note_two(void)
{
    outcomes |= 1U << (2 * r1 + r2);
}

static void expect(unsigned expected)
{
    unsigned met = outcomes;
    outcomes = 0;
    if (met != expected) {
        printf("outcomes %#x, not %#x\n", met, expected);
        model_fail("other outcomes than known");
    }
}

/* Message passing */
#define MESSAGE(name, store_order, load_order)                                 \
    static void send_##name(void)                                              \
    {                                                                          \
        plain = 1;                                                             \
        st(x, 1, store_order);                                                 \
    }                                                                          \
    static void receive_##name(void)                                           \
    {                                                                          \
        if (ld(x, load_order))                                                 \
            MODEL_MUST(plain == 1);                                            \
    }
MESSAGE(message, rel, acq)
MESSAGE(message_rlx_store, rlx, acq)
MESSAGE(message_rlx_load, rel, rlx)

static void fenced_send(void)
{
    plain = 1;
    atomic_thread_fence(rel);
    st(x, 1, rlx);
}
static void fenced_receive(void)
{
    if (ld(x, rlx)) {
        atomic_thread_fence(acq);
        MODEL_MUST(plain == 1);
    }
}

/* A release sequence: a read-modify-write in between keeps it, a store does
 * not. */
static void sequence_modify(void)
{
    int one = 1;
    (void)atomic_compare_exchange_strong_explicit(&x, &one, 2, rlx, rlx);
}
static void sequence_store(void)
{
    if (ld(x, rlx) == 1)
        st(x, 2, rlx);
}
static void sequence_receive(void)
{
    if (ld(x, acq) == 2)
        MODEL_MUST(plain == 1);
}

/* Store buffering */
#define BUFFERING(name, order, between)                                        \
    static void left_##name(void)                                              \
    {                                                                          \
        st(x, 1, order == sc ? sc : rlx);                                      \
        between;                                                               \
        r1 = ld(y, order == sc ? sc : rlx);                                    \
    }                                                                          \
    static void right_##name(void)                                             \
    {                                                                          \
        st(y, 1, order == sc ? sc : rlx);                                      \
        between;                                                               \
        r2 = ld(x, order == sc ? sc : rlx);                                    \
    }
BUFFERING(buffering, rlx, (void)0)
BUFFERING(buffering_fence, rlx, atomic_thread_fence(sc))
BUFFERING(buffering_weak_fence, rlx, atomic_thread_fence(memory_order_acq_rel))
BUFFERING(buffering_sc, sc, (void)0)

static void expect_all(void)
{
    expect(0xf);
}
static void expect_no_zeroes(void)
{
    expect(0xe);
}

/* Load buffering is not explored. */
static void load_left(void)
{
    r1 = ld(x, rlx);
    st(y, 1, rlx);
}
static void load_right(void)
{
    r2 = ld(y, rlx);
    st(x, 1, rlx);
}
static void expect_no_ones(void)
{
    expect(0x7);
}

/* Independent reads of independent writes: do both readers see one order? */
#define INDEPENDENT(name, store_order, load_order)                             \
    static void x_of_##name(void)                                              \
    {                                                                          \
        st(x, 1, store_order);                                                 \
    }                                                                          \
    static void y_of_##name(void)                                              \
    {                                                                          \
        st(y, 1, store_order);                                                 \
    }                                                                          \
    static void xy_of_##name(void)                                             \
    {                                                                          \
        r1 = ld(x, load_order);                                                \
        r2 = ld(y, load_order);                                                \
    }                                                                          \
    static void yx_of_##name(void)                                             \
    {                                                                          \
        r3 = ld(y, load_order);                                                \
        r4 = ld(x, load_order);                                                \
    }
INDEPENDENT(independent, rel, acq)
INDEPENDENT(independent_sc, sc, sc)

static void note_orders(void)
{
    outcomes |= r1 == 1 && r2 == 0 && r3 == 1 && r4 == 0 ? 2 : 1;
}
static void expect_both(void)
{
    expect(3);
}
static void expect_one(void)
{
    expect(1);
}

/* Coherence: what a thread has read, it does not unread. */
static void coherent_write(void)
{
    st(x, 1, rlx);
    st(x, 2, rlx);
}
static void coherent_read(void)
{
    int first = ld(x, rlx);
    MODEL_MUST(ld(x, rlx) >= first);
    MODEL_MUST(atomic_fetch_add_explicit(&x, 0, rlx) >= first);
}

/* What is known by way of a third thread. */
static void chain_first(void)
{
    st(x, 1, rlx);
    st(y, 1, rel);
}
static void chain_second(void)
{
    if (ld(y, acq))
        st(z, 1, rel);
}
static void chain_third(void)
{
    if (ld(z, acq))
        MODEL_MUST(ld(x, rlx) == 1);
}

/* Read-modify-writes lose nothing. */
static void count(void)
{
    (void)atomic_fetch_add_explicit(&x, 1, rlx);
    (void)atomic_fetch_add_explicit(&x, 1, rlx);
}
static void check_count(void)
{
    MODEL_MUST(ld(x, rlx) == 4);
}

/* Sleeping: a flag and a wake; without the wake; with a wake that is given
 * only if a sleeper was seen, and a sleeper that does not look again. */
static void sleeper(void)
{
    while (!ld(x, acq))
        (void)fl_futex_wait(&x, 0, INT64_MAX);
}
static void waker(void)
{
    st(x, 1, rel);
    fl_futex_wake(&x, 1);
}
static void no_waker(void)
{
    st(x, 1, rel);
}
static void careless_sleeper(void)
{
    st(y, 1, sc);
    (void)fl_futex_wait(&y, 1, INT64_MAX);
}
static void careless_waker(void)
{
    st(x, 1, sc);
    if (ld(y, sc))
        fl_futex_wake(&y, 1);
}

/* Memory */
static char *block, *same_block;
static void allocate(void)
{
    begin();
    block = same_block = malloc(8);
    block[0] = 0;
}
static void use(void)
{
    if (!ld(x, acq))
        block[0]++;
}
static void use_in_order(void)
{
    block[0]++;
    waker();
}
static void free_early(void)
{
    free(block);
}
static void free_in_order(void)
{
    sleeper();
    free(block);
}
static void use_freed(void)
{
    free(block);
    same_block[0] = 1;
}

#define SENT "data race: with a plain write"

static const struct model_scene scenes[] = {
    {.name = "message",
        .begin = begin,
        .play = {send_message, receive_message}},
    {.name = "message_fenced",
        .begin = begin,
        .play = {fenced_send, fenced_receive}},
    {.name = "message_rlx_store",
        .begin = begin,
        .play = {send_message_rlx_store, receive_message_rlx_store},
        .fails = SENT},
    {.name = "message_rlx_load",
        .begin = begin,
        .play = {send_message_rlx_load, receive_message_rlx_load},
        .fails = SENT},
    {.name = "sequence",
        .begin = begin,
        .play = {send_message, sequence_modify, sequence_receive}},
    {.name = "sequence_broken",
        .begin = begin,
        .play = {send_message, sequence_store, sequence_receive},
        .fails = SENT},
    {.name = "buffering",
        .begin = begin,
        .play = {left_buffering, right_buffering},
        .end = note_two,
        .after = expect_all},
    {.name = "buffering_weak_fence",
        .begin = begin,
        .play = {left_buffering_weak_fence, right_buffering_weak_fence},
        .end = note_two,
        .after = expect_all},
    {.name = "buffering_fence",
        .begin = begin,
        .play = {left_buffering_fence, right_buffering_fence},
        .end = note_two,
        .after = expect_no_zeroes},
    {.name = "buffering_sc",
        .begin = begin,
        .play = {left_buffering_sc, right_buffering_sc},
        .end = note_two,
        .after = expect_no_zeroes},
    {.name = "load_buffering",
        .begin = begin,
        .play = {load_left, load_right},
        .end = note_two,
        .after = expect_no_ones},
    {.name = "independent",
        .begin = begin,
        .play = {x_of_independent, y_of_independent, xy_of_independent,
            yx_of_independent},
        .end = note_orders,
        .after = expect_both},
    {.name = "independent_sc",
        .begin = begin,
        .play = {x_of_independent_sc, y_of_independent_sc, xy_of_independent_sc,
            yx_of_independent_sc},
        .end = note_orders,
        .after = expect_one},
    {.name = "coherence",
        .begin = begin,
        .play = {coherent_write, coherent_read}},
    {.name = "chain",
        .begin = begin,
        .play = {chain_first, chain_second, chain_third}},
    {.name = "count",
        .begin = begin,
        .play = {count, count},
        .end = check_count},
    {.name = "sleep", .begin = begin, .play = {sleeper, waker}},
    {.name = "sleep_without_wake",
        .begin = begin,
        .play = {sleeper, no_waker},
        .fails = "somebody sleeps for ever"},
    {.name = "sleep_carelessly",
        .begin = begin,
        .play = {careless_sleeper, careless_waker},
        .fails = "somebody sleeps for ever"},
    {.name = "free_in_order",
        .begin = allocate,
        .play = {use_in_order, free_in_order}},
    {.name = "free_early",
        .begin = allocate,
        .play = {use, free_early},
        .fails = SENT},
    {.name = "free_then_use",
        .begin = allocate,
        .play = {use_freed},
        .fails = "use after free"},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
