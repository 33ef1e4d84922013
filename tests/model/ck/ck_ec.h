/* SPDX-License-Identifier: MIT */
/*
 * Concurrency Kit's event count as its manual describes it, in C11: the real
 * one is assembly, which the checker cannot see. Bit 31 says that somebody
 * sleeps; the rest counts.
 */
#ifndef CK_EC_H
#define CK_EC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define CK_EC_ASLEEP UINT32_C(0x80000000)

struct ck_ec32 {
    uint32_t counter;
};

struct ck_ec_wait_state {
    void *data;
};

struct ck_ec_ops {
    int (*gettime)(const struct ck_ec_ops *ops, struct timespec *out);
    void (*wait32)(const struct ck_ec_wait_state *state, const uint32_t *word,
        uint32_t expected, const struct timespec *deadline);
    void (*wake32)(const struct ck_ec_ops *ops, const uint32_t *word);
    uint32_t busy_loop_iter;
    uint32_t initial_wait_ns;
};

struct ck_ec_mode {
    const struct ck_ec_ops *ops;
    bool single_producer;
};

static inline _Atomic uint32_t *ck_ec32_word(struct ck_ec32 *ec)
{
    return (_Atomic uint32_t *)(void *)&ec->counter;
}

static inline void ck_ec32_init(struct ck_ec32 *ec, uint32_t value)
{
    ec->counter = value;
}

static inline uint32_t ck_ec32_value(struct ck_ec32 *ec)
{
    return atomic_load_explicit(ck_ec32_word(ec), memory_order_acquire) &
           ~CK_EC_ASLEEP;
}

static inline void ck_ec32_inc(
    struct ck_ec32 *ec, const struct ck_ec_mode *mode)
{
    _Atomic uint32_t *word = ck_ec32_word(ec);
    uint32_t old = atomic_load_explicit(word, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(word, &old,
        (old + 1) & ~CK_EC_ASLEEP, memory_order_release, memory_order_relaxed))
        continue;
    if (old & CK_EC_ASLEEP)
        mode->ops->wake32(mode->ops, &ec->counter);
}

static inline int ck_ec32_wait_pred(struct ck_ec32 *ec,
    const struct ck_ec_mode *mode, uint32_t old,
    int (*pred)(
        const struct ck_ec_wait_state *state, struct timespec *deadline),
    void *data, const struct timespec *deadline)
{
    _Atomic uint32_t *word = ck_ec32_word(ec);
    uint32_t now = old;
    (void)pred;
    (void)data;
    if (!atomic_compare_exchange_strong_explicit(word, &now, old | CK_EC_ASLEEP,
            memory_order_acquire, memory_order_acquire) &&
        now != (old | CK_EC_ASLEEP))
        return 0;
    while (now == old || now == (old | CK_EC_ASLEEP)) {
        mode->ops->wait32(NULL, &ec->counter, old | CK_EC_ASLEEP, deadline);
        now = atomic_load_explicit(word, memory_order_acquire);
    }
    return 0;
}

#endif
