/* SPDX-License-Identifier: MIT */
/**
 * @file fork.h
 * Fork and join: nested parallel computation at the cost of a function call.
 *
 *     FILCH_TASK(long, fib, int, n)
 *     {
 *         if (n < 2)
 *             return n;
 *         fib_fork(&cx, n - 1);
 *         long b = fib(cx, n - 2);
 *         return fib_join(&cx) + b;
 *     }
 *
 *     long result;
 *     int rc = fib_run(ex, &result, 40);
 *
 * A fork may run in another worker until its join; if nobody steals it, the
 * join calls it. `cx` is the position in the worker's stack of forks: each fork
 * moves it on, each join moves it back, and what is called in between gets
 * the current one. Joins come in the opposite order of forks, in the function
 * that forked, on every way out of it.
 *
 * Promise: a join that waits runs only what it waits for; a task that waits
 * for something else gives its forks to others meanwhile. Idle workers sleep.
 * Source: Wagner, Calder, "Leapfrogging" (PPoPP 1993); Faxen, "Wool" (2008);
 * van Dijk, van de Pol, "Lace" (2014), section 3, for the private part.
 * The protocol and its argument are in src/sched/README.md.
 */
#ifndef FILCH_FORK_H
#define FILCH_FORK_H

#include <filch/base.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name For the macros and inline functions below
 * @{ */

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
/** @} */

/** @name Untyped: a function and a frame of the caller's
 * @{ */

/** A fork's function: 0 or more for success, a negative code for failure. */
typedef int filch_fork_fn(filch_ctx *cx, void *frame);

/** For filch_fork(): its record. */
struct filch_fork_call {
    struct filch_fork_record head; /**< of it */
    union {
        struct {
            void *frame;       /**< borrowed until the join */
            filch_fork_fn *fn; /**< to be called */
        } args;                /**< before the join */
        int result;            /**< afterwards */
    } u;                       /**< one after the other */
    char pad[24];              /**< to #FILCH_FORK_ALIGN */
};

/** For filch_fork(): the type of its records. */
FILCH_API extern const struct filch_fork_type filch_fork_call_type;

/**
 * The running task. Usually a few instructions; may allocate or start a
 * thread. From here to its join, @p fn may run with @p frame, here or in
 * another worker. @p cx moves on. A fork that finds no room runs at once.
 * Aborts outside of a task, and if there is no memory for one without room.
 */
static inline void filch_fork(filch_ctx **cx, filch_fork_fn *fn, void *frame)
{
    struct filch_fork_call *record = (struct filch_fork_call *)(void *)*cx;
    filch_ctx *top = (filch_ctx *)(void *)(record + 1);
    record->head.type = &filch_fork_call_type;
    record->u.args.frame = frame;
    record->u.args.fn = fn;
    FILCH_FORK_UNLESS_ROOM(filch_fork_region_of(record), top, slow);
    *cx = top;
    return;
slow:
    *cx = filch_fork_slowly(top, &filch_fork_call_type);
}

/**
 * The running task. Blocks if another worker has it. Joins the last fork that
 * has not been joined: what its function returned. @p cx moves back. Aborts if
 * that was another type of fork, if it sees it.
 */
static inline int filch_join(filch_ctx **cx)
{
    struct filch_joined joined;
    struct filch_fork_call *call;
    filch_fork_fn *fn;
    void *frame;
    int result;
    filch_ctx *at = *cx;
    FILCH_FORK_FORGET(at);
    call = (struct filch_fork_call *)(void *)at - 1;
    FILCH_FORK_UNLESS_PRIVATE(filch_fork_region_of(call), call, slow);
fast:
    FILCH_FORK_EXPECT(&filch_fork_call_type, &call->head);
    fn = call->u.args.fn;
    frame = call->u.args.frame;
    filch_fork_wipe(&call->head, sizeof *call);
    *cx = (filch_ctx *)(void *)call;
    return fn(*cx, frame);
slow:
    joined = filch_join_slowly(at, &filch_fork_call_type);
    if (!joined.done)
        goto fast;
    call = (struct filch_fork_call *)(void *)joined.done;
    result = call->u.result;
    filch_fork_wipe(&call->head, sizeof *call);
    *cx = joined.cx;
    return result;
}

/**
 * Any thread. Blocks. Runs @p fn in @p ex, where it can fork, and waits for it:
 * in a task of @p ex that is a plain call. What it returned, or why it could
 * not run, a negative code.
 */
FILCH_API int filch_run(filch_executor *ex, filch_fork_fn *fn, void *frame);
/** @} */

#if defined(__GNUC__) && !defined(__cplusplus)
/** @cond */
/* A list (name, type, argument, type, argument...): how many arguments, the
 * name, and a macro for each argument. */
#define FILCH_ARGS_COUNT(...)                                                  \
    FILCH_ARGS_COUNT_(                                                         \
        __VA_ARGS__, 8, x, 7, x, 6, x, 5, x, 4, x, 3, x, 2, x, 1, x, 0, x)
#define FILCH_ARGS_COUNT_(                                                     \
    a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, count, ...)             \
    count
#define FILCH_ARGS_FIRST(name, ...) name
#define FILCH_ARGS_OF(...) __VA_ARGS__
#define FILCH_ARGS_APPLY(macro, ...) macro(__VA_ARGS__)
#define FILCH_EACH(count, M, list)                                             \
    FILCH_ARGS_APPLY(FILCH_EACH_##count, M, FILCH_ARGS_OF list)
#define FILCH_EACH_0(M, name)
#define FILCH_EACH_1(M, name, T, a) M(T, a)
#define FILCH_EACH_2(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_1(M, name, __VA_ARGS__)
#define FILCH_EACH_3(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_2(M, name, __VA_ARGS__)
#define FILCH_EACH_4(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_3(M, name, __VA_ARGS__)
#define FILCH_EACH_5(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_4(M, name, __VA_ARGS__)
#define FILCH_EACH_6(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_5(M, name, __VA_ARGS__)
#define FILCH_EACH_7(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_6(M, name, __VA_ARGS__)
#define FILCH_EACH_8(M, name, T, a, ...)                                       \
    M(T, a) FILCH_EACH_7(M, name, __VA_ARGS__)
#define FILCH_ARG_PARAM(T, a) , T a
#define FILCH_ARG_MEMBER(T, a) T a;
#define FILCH_ARG_MADE(T, a) filch_made.u.args.a = a;
#define FILCH_ARG_PUT(T, a) filch_record->u.args.a = a;
#define FILCH_ARG_FIELD(T, a) , filch_args.a
#define FILCH_ARG_NAME(T, a) , a
#define FILCH_ARG_NONE_0 char filch_none;
#define FILCH_ARG_NONE_1
#define FILCH_ARG_NONE_2
#define FILCH_ARG_NONE_3
#define FILCH_ARG_NONE_4
#define FILCH_ARG_NONE_5
#define FILCH_ARG_NONE_6
#define FILCH_ARG_NONE_7
#define FILCH_ARG_NONE_8

/* gcc makes a loop of a call at the end of a function, unless something comes
 * after it. What it does instead, a leaf without a call, is faster. */
#define FILCH_VALUE_RETURN(call)                                               \
    __typeof__(call) filch_returned = call;                                    \
    __asm__ volatile("");                                                      \
    return filch_returned

/* With a result, and without. */
#define FILCH_VALUE_MEMBER(R) R result;
#define FILCH_VALUE_TO(R) , R *filch_to
#define FILCH_VALUE_STORE(to, call) to = call
#define FILCH_VALUE_GET(R, from) R filch_result = from
#define FILCH_VALUE_GIVE return filch_result
#define FILCH_VALUE_OUT(from)                                                  \
    if (!filch_rc && filch_to)                                                 \
    *filch_to = from
#define FILCH_VOID_MEMBER(R)
#define FILCH_VOID_TO(R)
#define FILCH_VOID_STORE(to, call) call
#define FILCH_VOID_RETURN(call)                                                \
    call;                                                                      \
    return
#define FILCH_VOID_GET(R, from) (void)0
#define FILCH_VOID_GIVE return
#define FILCH_VOID_OUT(from) (void)0

#define FILCH_TASK_INLINE static inline __attribute__((always_inline, unused))
#define FILCH_TASK_SITE(name) #name "\0" __FILE__ ":" FILCH_TASK_LINE(__LINE__)
#define FILCH_TASK_LINE(line) FILCH_TASK_LINE_(line)
#define FILCH_TASK_LINE_(line) #line

#define FILCH_TASK_FAMILY(kind, storage, R, count, name, list)                 \
    struct name##_record {                                                     \
        struct filch_fork_record head;                                         \
        union {                                                                \
            struct name##_args {                                               \
                FILCH_ARG_NONE_##count FILCH_EACH(                             \
                    count, FILCH_ARG_MEMBER, list)                             \
            } args;                                                            \
            FILCH_##kind##_MEMBER(R)                                           \
        } u;                                                                   \
    } __attribute__((aligned(FILCH_FORK_ALIGN)));                              \
    _Static_assert(sizeof(struct name##_record) <= FILCH_FORK_MOST,            \
        "the arguments or the result are too big for a fork");                 \
    storage const struct filch_fork_type name##_type;                          \
    storage R name(filch_ctx *cx FILCH_EACH(count, FILCH_ARG_PARAM, list));    \
    FILCH_TASK_FORK(count, name, list)                                         \
    FILCH_TASK_JOIN(kind, R, count, name, list)                                \
    FILCH_TASK_RUN(kind, R, count, name, list)

#define FILCH_TASK_FORK(count, name, list)                                     \
    FILCH_TASK_INLINE void name##_fork(                                        \
        filch_ctx **filch_cx FILCH_EACH(count, FILCH_ARG_PARAM, list))         \
    {                                                                          \
        struct name##_record *filch_record =                                   \
            (struct name##_record *)(void *)*filch_cx;                         \
        filch_ctx *filch_top = (filch_ctx *)(void *)(filch_record + 1);        \
        filch_record->head.type = &name##_type;                                \
        FILCH_EACH(count, FILCH_ARG_PUT, list)                                 \
        FILCH_FORK_UNLESS_ROOM(                                                \
            filch_fork_region_of(filch_record), filch_top, filch_slow);        \
        *filch_cx = filch_top;                                                 \
        return;                                                                \
    filch_slow:                                                                \
        *filch_cx = filch_fork_slowly(filch_top, &name##_type);                \
    }

#define FILCH_TASK_JOIN(kind, R, count, name, list)                            \
    FILCH_TASK_INLINE R name##_join(filch_ctx **filch_cx)                      \
    {                                                                          \
        struct filch_joined filch_joined;                                      \
        filch_ctx *filch_at = *filch_cx;                                       \
        FILCH_FORK_FORGET(filch_at);                                           \
        struct name##_record *filch_record =                                   \
            (struct name##_record *)(void *)filch_at - 1;                      \
        struct name##_args filch_args;                                         \
        FILCH_FORK_UNLESS_PRIVATE(                                             \
            filch_fork_region_of(filch_record), filch_record, filch_slow);     \
    filch_fast:                                                                \
        FILCH_FORK_EXPECT(&name##_type, &filch_record->head);                  \
        filch_args = filch_record->u.args;                                     \
        (void)filch_args;                                                      \
        filch_fork_wipe(&filch_record->head, sizeof *filch_record);            \
        *filch_cx = (filch_ctx *)(void *)filch_record;                         \
        FILCH_##kind##_RETURN(                                                 \
            name(*filch_cx FILCH_EACH(count, FILCH_ARG_FIELD, list)));         \
    filch_slow:                                                                \
        filch_joined = filch_join_slowly(filch_at, &name##_type);              \
        if (!filch_joined.done)                                                \
            goto filch_fast;                                                   \
        filch_record = (struct name##_record *)(void *)filch_joined.done;      \
        FILCH_##kind##_GET(R, filch_record->u.result);                         \
        filch_fork_wipe(&filch_record->head, sizeof *filch_record);            \
        *filch_cx = filch_joined.cx;                                           \
        FILCH_##kind##_GIVE;                                                   \
    }

#define FILCH_TASK_RUN(kind, R, count, name, list)                             \
    static inline __attribute__((unused)) int name##_run(                      \
        filch_executor *filch_ex FILCH_##kind##_TO(R)                          \
            FILCH_EACH(count, FILCH_ARG_PARAM, list))                          \
    {                                                                          \
        struct name##_record filch_made;                                       \
        memset(&filch_made, 0, sizeof filch_made);                             \
        filch_made.head.type = &name##_type;                                   \
        FILCH_EACH(count, FILCH_ARG_MADE, list)                                \
        int filch_rc = filch_fork_run(filch_ex, &filch_made.head);             \
        FILCH_##kind##_OUT(filch_made.u.result);                               \
        return filch_rc;                                                       \
    }

#define FILCH_TASK_TYPE(kind, storage, R, count, name, list)                   \
    static void name##_call(                                                   \
        filch_ctx *filch_cx, struct filch_fork_record *filch_head)             \
    {                                                                          \
        struct name##_record *filch_record =                                   \
            (struct name##_record *)(void *)filch_head;                        \
        struct name##_args filch_args = filch_record->u.args;                  \
        (void)filch_args;                                                      \
        FILCH_##kind##_STORE(filch_record->u.result,                           \
            name(filch_cx FILCH_EACH(count, FILCH_ARG_FIELD, list)));          \
    }                                                                          \
    storage const struct filch_fork_type name##_type = {                       \
        name##_call, FILCH_TASK_SITE(name), sizeof(struct name##_record)};     \
    FILCH_TASK_BODY(kind, storage, R, count, name, list)

/* In a debug build each task checks that it has joined what it forked. */
#ifdef NDEBUG
#define FILCH_TASK_BODY(kind, storage, R, count, name, list)                   \
    storage R name(filch_ctx *cx __attribute__((unused))                       \
        FILCH_EACH(count, FILCH_ARG_PARAM, list))
#else
#define FILCH_TASK_BODY(kind, storage, R, count, name, list)                   \
    static R name##_body(                                                      \
        filch_ctx *cx FILCH_EACH(count, FILCH_ARG_PARAM, list));               \
    storage R name(filch_ctx *cx FILCH_EACH(count, FILCH_ARG_PARAM, list))     \
    {                                                                          \
        FILCH_##kind##_BODY(                                                   \
            R, name##_body(cx FILCH_EACH(count, FILCH_ARG_NAME, list)));       \
        filch_fork_check(cx, &name##_type);                                    \
        FILCH_##kind##_GIVE;                                                   \
    }                                                                          \
    static R name##_body(filch_ctx *cx __attribute__((unused))                 \
        FILCH_EACH(count, FILCH_ARG_PARAM, list))
#define FILCH_VALUE_BODY(R, call) R filch_result = call
#define FILCH_VOID_BODY(R, call) call
#endif
/** @endcond */

/** @name Typed: a family of functions for each task
 *
 * `FILCH_TASK(long, fib, int, n) { ... }` defines, static:
 * - `long fib(filch_ctx *cx, int n)`: the task, to be called in a task with
 *   its `cx`;
 * - `void fib_fork(filch_ctx **cx, int n)`: from here to the join it may run
 *   in another worker; as filch_fork();
 * - `long fib_join(filch_ctx **cx)`: the result of the last fork, which must
 *   be one of fib; as filch_join();
 * - `int fib_run(filch_executor *ex, long *result, int n)`: from any thread;
 *   as filch_run(), but the result goes to `*result`, unless it is NULL.
 *
 * Up to eight arguments, as pairs of type and name; they are copied. A record
 * with them, or with the result, may have #FILCH_FORK_MOST bytes. A task
 * that returns without having joined all that it has forked aborts and says
 * which (at the end of what was submitted, in a debug build at its own).
 * @{ */

/** A task with a result: the braces of its body follow. */
#define FILCH_TASK(R, ...)                                                     \
    FILCH_TASK_STATIC(VALUE, R, FILCH_ARGS_COUNT(__VA_ARGS__),                 \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** A task without a result. */
#define FILCH_VOID_TASK(...)                                                   \
    FILCH_TASK_STATIC(VOID, void, FILCH_ARGS_COUNT(__VA_ARGS__),               \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** For a header: a task with a result that is defined elsewhere, ends with a
 * semicolon. Also for tasks that call each other, before their definitions. */
#define FILCH_TASK_DECLARE(R, ...)                                             \
    FILCH_TASK_EXTERN(VALUE, R, FILCH_ARGS_COUNT(__VA_ARGS__),                 \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** The same, without a result. */
#define FILCH_VOID_TASK_DECLARE(...)                                           \
    FILCH_TASK_EXTERN(VOID, void, FILCH_ARGS_COUNT(__VA_ARGS__),               \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** What was declared with #FILCH_TASK_DECLARE: the body follows. */
#define FILCH_TASK_DEFINE(R, ...)                                              \
    FILCH_TASK_TYPE_(VALUE, , R, FILCH_ARGS_COUNT(__VA_ARGS__),                \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** The same, without a result. */
#define FILCH_VOID_TASK_DEFINE(...)                                            \
    FILCH_TASK_TYPE_(VOID, , void, FILCH_ARGS_COUNT(__VA_ARGS__),              \
        FILCH_ARGS_FIRST(__VA_ARGS__, ), (__VA_ARGS__))
/** @} */

/** @cond */
#define FILCH_TASK_STATIC(kind, R, count, name, list)                          \
    FILCH_TASK_FAMILY(kind, static, R, count, name, list)                      \
    FILCH_TASK_TYPE(kind, static, R, count, name, list)
#define FILCH_TASK_EXTERN(kind, R, count, name, list)                          \
    FILCH_TASK_FAMILY(kind, extern, R, count, name, list)                      \
    FILCH_TASK_END(name)
#define FILCH_TASK_END(name) struct name##_record
#define FILCH_TASK_TYPE_(kind, storage, R, count, name, list)                  \
    FILCH_TASK_TYPE(kind, storage, R, count, name, list)
/** @endcond */
#endif

#ifdef __cplusplus
}
#endif
#endif
