/* SPDX-License-Identifier: MIT */
/**
 * @file fork_family.h
 * The functions that #FILCH_TASK and the like define. Not to be used otherwise.
 */
#ifndef FILCH_DETAIL_FORK_FAMILY_H
#define FILCH_DETAIL_FORK_FAMILY_H

#include <filch/detail/fork_path.h>

#include <string.h>

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

#endif
