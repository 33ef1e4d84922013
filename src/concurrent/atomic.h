/* SPDX-License-Identifier: MIT */
/*
 * C11 atomics with the order in the operation's name, so that no access has
 * an order by default. Each use says with what it pairs.
 */
#ifndef FL_CONCURRENT_ATOMIC_H
#define FL_CONCURRENT_ATOMIC_H

#include <stdatomic.h>

/* One writer per cache line. */
#define FL_CACHE_LINE 64

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define load_seq_cst(p) atomic_load_explicit((p), memory_order_seq_cst)
#define store_relaxed(p, v)                                                    \
    atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v)                                                    \
    atomic_store_explicit((p), (v), memory_order_release)
#define exchange_acquire(p, v)                                                 \
    atomic_exchange_explicit((p), (v), memory_order_acquire)
#define exchange_release(p, v)                                                 \
    atomic_exchange_explicit((p), (v), memory_order_release)
#define exchange_acq_rel(p, v)                                                 \
    atomic_exchange_explicit((p), (v), memory_order_acq_rel)
#define fetch_add_relaxed(p, v)                                                \
    atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define fetch_add_release(p, v)                                                \
    atomic_fetch_add_explicit((p), (v), memory_order_release)
#define fetch_add_acq_rel(p, v)                                                \
    atomic_fetch_add_explicit((p), (v), memory_order_acq_rel)
#define fetch_add_seq_cst(p, v)                                                \
    atomic_fetch_add_explicit((p), (v), memory_order_seq_cst)
#define fetch_sub_relaxed(p, v)                                                \
    atomic_fetch_sub_explicit((p), (v), memory_order_relaxed)
#define fetch_sub_release(p, v)                                                \
    atomic_fetch_sub_explicit((p), (v), memory_order_release)
#define fetch_sub_acq_rel(p, v)                                                \
    atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)
#define fetch_sub_seq_cst(p, v)                                                \
    atomic_fetch_sub_explicit((p), (v), memory_order_seq_cst)
#define fetch_or_relaxed(p, v)                                                 \
    atomic_fetch_or_explicit((p), (v), memory_order_relaxed)
#define fetch_or_acq_rel(p, v)                                                 \
    atomic_fetch_or_explicit((p), (v), memory_order_acq_rel)
#define fetch_and_acq_rel(p, v)                                                \
    atomic_fetch_and_explicit((p), (v), memory_order_acq_rel)

/* Compare and swap; on failure *e is what was there, read relaxed. */
#define cas_acquire(p, e, v)                                                   \
    atomic_compare_exchange_strong_explicit(                                   \
        (p), (e), (v), memory_order_acquire, memory_order_relaxed)
#define cas_acq_rel(p, e, v)                                                   \
    atomic_compare_exchange_strong_explicit(                                   \
        (p), (e), (v), memory_order_acq_rel, memory_order_relaxed)
#define cas_seq_cst(p, e, v)                                                   \
    atomic_compare_exchange_strong_explicit(                                   \
        (p), (e), (v), memory_order_seq_cst, memory_order_relaxed)
/* The same, may fail for no reason: for loops. */
#define cas_weak_relaxed(p, e, v)                                              \
    atomic_compare_exchange_weak_explicit(                                     \
        (p), (e), (v), memory_order_relaxed, memory_order_relaxed)
#define cas_weak_release(p, e, v)                                              \
    atomic_compare_exchange_weak_explicit(                                     \
        (p), (e), (v), memory_order_release, memory_order_relaxed)
#define cas_weak_seq_cst(p, e, v)                                              \
    atomic_compare_exchange_weak_explicit(                                     \
        (p), (e), (v), memory_order_seq_cst, memory_order_relaxed)
#define cas_weak_acq_rel(p, e, v)                                              \
    atomic_compare_exchange_weak_explicit(                                     \
        (p), (e), (v), memory_order_acq_rel, memory_order_relaxed)

/*
 * The full fence. gcc spells it `lock or` on x86, clang `mfence`, which costs
 * 8 times as much here; so clang is given the spelling, except where a checker
 * has to see a C11 fence.
 */
static inline void fence_seq_cst(void)
{
#if defined(__clang__) && defined(__x86_64__) && !defined(FL_PLAIN_C11)
    __asm__ volatile("lock orl $0, -4(%%rsp)" ::: "memory", "cc");
#else
#pragma GCC diagnostic push
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
    /* gcc says that its sanitizer does not model the fence; no argument here
     * relies on that for happens-before, only for the order of store and
     * load, which the sanitizer does not check. */
#pragma GCC diagnostic ignored "-Wtsan"
#endif
    atomic_thread_fence(memory_order_seq_cst);
#pragma GCC diagnostic pop
#endif
}

/* Tells the CPU that this thread only polls. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

#endif
