/* SPDX-License-Identifier: MIT */
/**
 * @file fork_path.h
 * What a fork and a join are made of, for the inline functions and macros of
 * fork.h. Not to be used otherwise.
 */
#ifndef FILCH_DETAIL_FORK_PATH_H
#define FILCH_DETAIL_FORK_PATH_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Address space of a worker's stack of forks, and its alignment. */
#define FILCH_FORK_REGION ((uintptr_t)1 << 24)
/** A record is a multiple of this. */
#define FILCH_FORK_ALIGN 64
/** The largest record, with the arguments or the result. */
#define FILCH_FORK_MOST 65536

struct filch_fork_record;

/** What a record is a fork of. Immutable. */
struct filch_fork_type {
    /** Runs it: arguments from the record, the result into it. */
    void (*run)(filch_ctx *cx, struct filch_fork_record *record);
    const char *site; /**< as of a submit: "name\0file:line" */
    size_t bytes;     /**< of its record */
};

/** The head of a record. */
struct filch_fork_record {
    uint32_t state; /**< once others can see it */
    uint32_t thief; /**< the same */
    uintptr_t link; /**< the same */
    /** NULL above the last fork, so that the stack can be walked. */
    const struct filch_fork_type *type;
};

/** The head of a worker's stack of forks; thieves write it, too. */
struct filch_fork_region {
    uintptr_t limit; /**< a fork that would end above it is slow */
    uintptr_t guard; /**< a join of a record below it is slow */
};

/** The running task. The stack of a position. */
static inline struct filch_fork_region *filch_fork_region_of(const void *cx)
{
    return (
        struct filch_fork_region *)((uintptr_t)cx & ~(FILCH_FORK_REGION - 1));
}

/** What a slow join finds. */
struct filch_joined {
    struct filch_fork_record *done; /**< with the result, until the next call;
                                       NULL: nobody has it, call it */
    filch_ctx *cx;                  /**< the position now */
};
/** The running task. Allocates, may start a thread. The fork whose record ends
 * at @p top, when somebody is hungry, or there is no more room. The position
 * after it; NULL: no memory. */
FILCH_API filch_ctx *filch_fork_slow(
    filch_ctx *top, const struct filch_fork_type *type);
/** The running task. Blocks. The join of the last fork, when others could
 * see it. */
FILCH_API struct filch_joined filch_join_slow(
    filch_ctx *cx, const struct filch_fork_type *type);
/** Any thread. Blocks. Runs a record in @p ex, in place if in a task of it.
 * 0, or a negative code: it has not run. */
FILCH_API int filch_fork_run(
    filch_executor *ex, struct filch_fork_record *record);
/** Aborts: there was no memory for a fork. */
FILCH_API void filch_fork_failed(const struct filch_fork_type *type)
    __attribute__((noreturn));
/** Aborts, and says which join is missing. */
FILCH_API void filch_fork_unjoined(const struct filch_fork_type *task,
    const struct filch_fork_record *left) __attribute__((noreturn));

/* The slow functions are called in a way that preserves all registers, so that
 * a function that forks need not save any for them: a push less is a tenth of
 * a fork. ThreadSanitizer has to see the accesses, and gets plain C. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define FILCH_FORK_ASM 1
#endif
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#undef FILCH_FORK_ASM
#endif
#endif

#ifdef FILCH_FORK_ASM
/** As filch_fork_slow(), for the inline function; by its own convention. */
FILCH_API void filch_fork_thunk(void);
/** As filch_join_slow(), likewise. */
FILCH_API void filch_join_thunk(void);
/** @cond */
#ifdef __AVX512F__
#define FILCH_FORK_AVX512                                                      \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",  \
        "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30",         \
        "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define FILCH_FORK_AVX512
#endif
/* What the thunks do not preserve. */
#define FILCH_FORK_CLOBBERS                                                    \
    "memory", "cc", "r10", "r11", "st", "st(1)", "st(2)", "st(3)", "st(4)",    \
        "st(5)", "st(6)", "st(7)", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",     \
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",     \
        "xmm13", "xmm14", "xmm15" FILCH_FORK_AVX512
#define FILCH_FORK_GOTO_IF(word, jump, value, slow)                            \
    __asm__ goto("cmpq %1, %0\n\t" jump " %l2"                                 \
                 :                                                             \
                 : "m"(word), "r"(value)                                       \
                 : "cc"                                                        \
                 : slow)
/** @endcond */
/** Goes to `slow` if the fork's record ends above the limit. */
#define FILCH_FORK_UNLESS_ROOM(region, top, slow)                              \
    FILCH_FORK_GOTO_IF((region)->limit, "jb", top, slow)
/** Goes to `slow` if the record is below the guard. */
#define FILCH_FORK_UNLESS_PRIVATE(region, record, slow)                        \
    FILCH_FORK_GOTO_IF((region)->guard, "ja", record, slow)
#else
/** Goes to `slow` if the fork's record ends above the limit. */
#define FILCH_FORK_UNLESS_ROOM(region, top, slow)                              \
    if (__atomic_load_n(&(region)->limit, __ATOMIC_RELAXED) <                  \
        (uintptr_t)(top))                                                      \
    goto slow
/** Goes to `slow` if the record is below the guard. */
#define FILCH_FORK_UNLESS_PRIVATE(region, record, slow)                        \
    if (__atomic_load_n(&(region)->guard, __ATOMIC_RELAXED) >                  \
        (uintptr_t)(record))                                                   \
    goto slow
#endif

/** @def FILCH_FORK_EXPECT
 * In a debug build: the last fork is one of this type. */
#ifdef NDEBUG
#define FILCH_FORK_EXPECT(expected, record) ((void)0)
#else
#define FILCH_FORK_EXPECT(expected, record)                                    \
    ((record)->type == (expected) ? (void)0                                    \
                                  : filch_fork_unjoined((expected), (record)))
#endif

/** The running task. Calls filch_fork_slow(). */
static inline filch_ctx *filch_fork_slowly(
    filch_ctx *top, const struct filch_fork_type *type)
{
    filch_ctx *cx;
#ifdef FILCH_FORK_ASM
    __asm__ volatile("call filch_fork_thunk@PLT"
                     : "=a"(cx)
                     : "D"(top), "S"(type)
                     : "rdx", FILCH_FORK_CLOBBERS);
#else
    cx = filch_fork_slow(top, type);
#endif
    /* This call also tells the compiler that the function around it is not a
     * leaf, which could use the stack below its own. */
    if (!cx)
        filch_fork_failed(type);
    return cx;
}

/** The running task. Calls filch_join_slow(). */
static inline struct filch_joined filch_join_slowly(
    filch_ctx *cx, const struct filch_fork_type *type)
{
    struct filch_joined joined;
#ifdef FILCH_FORK_ASM
    __asm__ volatile("call filch_join_thunk@PLT"
                     : "=a"(joined.done), "=d"(joined.cx)
                     : "D"(cx), "S"(type)
                     : FILCH_FORK_CLOBBERS);
#else
    joined = filch_join_slow(cx, type);
#endif
    if (!joined.cx) /* never; as above */
        filch_fork_failed(type);
    return joined;
}

/** @def FILCH_FORK_FORGET
 * What the compiler knows of a pointer, it need not keep: what can be computed
 * from it again costs less than a register across calls. */
#if defined(__GNUC__)
#define FILCH_FORK_FORGET(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define FILCH_FORK_FORGET(pointer) ((void)0)
#endif

/** The running task. After a join: above the last fork there is nothing. */
static inline void filch_fork_wipe(
    struct filch_fork_record *record, size_t bytes)
{
    record->type = NULL;
    for (size_t at = FILCH_FORK_ALIGN; at < bytes; at += FILCH_FORK_ALIGN)
        ((struct filch_fork_record *)(void *)((char *)record + at))->type =
            NULL;
}

/** The running task. Aborts if a fork at @p cx has not been joined. */
static inline void filch_fork_check(
    const filch_ctx *cx, const struct filch_fork_type *task)
{
    const struct filch_fork_record *left =
        (const struct filch_fork_record *)(const void *)cx;
    if (__builtin_expect(left->type != NULL, 0))
        filch_fork_unjoined(task, left);
}

#ifdef __cplusplus
}
#endif
#endif
