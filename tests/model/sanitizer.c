/* SPDX-License-Identifier: MIT */
/*
 * The calls that a compiler puts in with -fsanitize=thread, answered by the
 * checker in place of ThreadSanitizer's run-time library.
 */
#include "machine.h"

#include <string.h>

#define HERE __builtin_return_address(0)
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

void __tsan_init(void)
{
}
void __tsan_func_entry(void *pc)
{
    (void)pc;
}
void __tsan_func_exit(void)
{
}

#define PLAIN(bytes)                                                           \
    void __tsan_read##bytes(void *at)                                          \
    {                                                                          \
        memory_plain(at, bytes, false);                                        \
    }                                                                          \
    void __tsan_write##bytes(void *at)                                         \
    {                                                                          \
        memory_plain(at, bytes, true);                                         \
    }                                                                          \
    void __tsan_unaligned_read##bytes(void *at)                                \
    {                                                                          \
        memory_plain(at, bytes, false);                                        \
    }                                                                          \
    void __tsan_unaligned_write##bytes(void *at)                               \
    {                                                                          \
        memory_plain(at, bytes, true);                                         \
    }                                                                          \
    void __tsan_read_write##bytes(void *at)                                    \
    {                                                                          \
        memory_plain(at, bytes, true);                                         \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *at, size_t bytes)
{
    memory_plain(at, bytes, false);
}
void __tsan_write_range(void *at, size_t bytes)
{
    memory_plain(at, bytes, true);
}
void *__tsan_memcpy(void *to, const void *from, size_t bytes)
{
    memory_plain(from, bytes, false);
    memory_plain(to, bytes, true);
    return memcpy(to, from, bytes);
}
void *__tsan_memset(void *to, int value, size_t bytes)
{
    memory_plain(to, bytes, true);
    return memset(to, value, bytes);
}

static uint64_t take_new(uint64_t old, uint64_t value)
{
    (void)old;
    return value;
}
static uint64_t add(uint64_t old, uint64_t value)
{
    return old + value;
}
static uint64_t subtract(uint64_t old, uint64_t value)
{
    return old - value;
}
static uint64_t and (uint64_t old, uint64_t value)
{
    return old & value;
}
static uint64_t or (uint64_t old, uint64_t value)
{
    return old | value;
}
static uint64_t exclusive_or(uint64_t old, uint64_t value)
{
    return old ^ value;
}

#define MODIFY(type, function, change)                                         \
    type function(type *at, type value, int order)                             \
    {                                                                          \
        return (type)memory_modify(                                            \
            at, sizeof(type), change, value, order, HERE);                     \
    }

#define SWAP(type, function)                                                   \
    int function(type *at, type *expected, type value, int order, int failure) \
    {                                                                          \
        uint64_t found = *expected;                                            \
        bool is_done = memory_swap_if(                                         \
            at, sizeof(type), &found, value, order, failure, HERE);            \
        *expected = (type)found;                                               \
        return is_done;                                                        \
    }

#define SWAP_VALUE(type, function)                                             \
    type function(type *at, type expected, type value, int order, int failure) \
    {                                                                          \
        uint64_t found = expected;                                             \
        (void)memory_swap_if(                                                  \
            at, sizeof(type), &found, value, order, failure, HERE);            \
        return (type)found;                                                    \
    }

#define LOAD(type, function)                                                   \
    type function(const type *at, int order)                                   \
    {                                                                          \
        return (type)memory_load(at, sizeof(type), order, HERE);               \
    }

#define STORE(type, function)                                                  \
    void function(type *at, type value, int order)                             \
    {                                                                          \
        memory_store(at, sizeof(type), value, order, HERE);                    \
    }

#define ATOMIC(type, prefix)                                                   \
    LOAD(type, prefix##load)                                                   \
    STORE(type, prefix##store)                                                 \
    MODIFY(type, prefix##exchange, take_new)                                   \
    MODIFY(type, prefix##fetch_add, add)                                       \
    MODIFY(type, prefix##fetch_sub, subtract)                                  \
    MODIFY(type, prefix##fetch_and, and)                                       \
    MODIFY(type, prefix##fetch_or, or)                                         \
    MODIFY(type, prefix##fetch_xor, exclusive_or)                              \
    SWAP(type, prefix##compare_exchange_strong)                                \
    SWAP(type, prefix##compare_exchange_weak)                                  \
    SWAP_VALUE(type, prefix##compare_exchange_val)

ATOMIC(uint8_t, __tsan_atomic8_)
ATOMIC(uint16_t, __tsan_atomic16_)
ATOMIC(uint32_t, __tsan_atomic32_)
ATOMIC(uint64_t, __tsan_atomic64_)

void __tsan_atomic_thread_fence(int order)
{
    memory_fence(order, HERE);
}
