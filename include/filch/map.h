/* SPDX-License-Identifier: MIT */
/**
 * @file map.h
 * A function for each item of an array, the results in another
 * (filch_map()); or for each item of an input that is read as needed, perhaps
 * without end, in a memory that does not grow (filch_map_open()).
 */
#ifndef FILCH_MAP_H
#define FILCH_MAP_H

#include <filch/base.h>
#include <filch/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Arrays and options of filch_map(); zero is the default where there is
 * one. */
struct filch_map_spec {
    const void *in;    /**< first item: a task's arg is `in + i * in_stride` */
    size_t in_stride;  /**< bytes from item to item */
    void *out;         /**< first result; NULL: the task's result is NULL */
    size_t out_stride; /**< bytes from result to result */
    size_t count;      /**< items */
    size_t chunk;      /**< items per task run; default: filch chooses */
    int64_t deadline;  /**< no item starts after it; 0: none */
    size_t *delivered; /**< receives how many items, from the first on, are
                            done before the first that is not; or NULL */
};

/** filch_map(), told the size of the caller's struct filch_map_spec. */
FILCH_API int filch_map_sized(filch_executor *ex, filch_task *fn,
    const struct filch_map_spec *spec, size_t size);

/**
 * Any thread. Blocks; in a task it works on the items itself. Allocates.
 * Calls @p fn for each item, with `arg` and `result` pointing into the
 * arrays, several at a time. After the deadline no item is started, and after
 * a failure none behind the failed one: all before it are done in the end.
 * Those that run are waited for, because they write to the caller's arrays
 * (filch_stopping() is not set for them).
 * @return 0: all are done; the failure of the first item, by index, that
 *         failed; -ETIMEDOUT: the deadline passed; -EINVAL: null,
 *         or sizes that overflow (`count * stride`); -E2BIG: fields that
 *         this library does not know; -ENOMEM; a refusal as of
 *         filch_submit()
 */
static inline int filch_map(
    filch_executor *ex, filch_task *fn, const struct filch_map_spec *spec)
{
    return filch_map_sized(ex, fn, spec, sizeof(struct filch_map_spec));
}

/** @name Maps over an input
 *
 *     filch_map_stream *m;
 *     int rc = filch_map_open(&m, ex, parse, &(struct filch_map_options){
 *         .next_item = read_line, .data = stdin,
 *         .item_bytes = sizeof(struct line),
 *         .result_bytes = sizeof(struct record)});
 *     ...
 *     while ((rc = filch_map_next(m, &record, NULL)) == 1)
 *         ...
 *     filch_map_close(m);
 *
 * Promise: no more than a *window* of items has been read whose results have
 * not been taken; all memory is allocated by filch_map_open(). Each item gets
 * the function at most once, and its destructor exactly once. In the order of
 * the input, or as they complete.
 *
 * A map is used by one thread at a time. It is only in filch_map_open() and
 * filch_map_next() that the input is read, by the calling thread: it needs no
 * lock. Both may be called in a task, of this executor or another one; the
 * wait in filch_map_next() is one as future.h says. Several inputs: an item
 * is a struct with a member for each. A map as the input of another one: an
 * input's codes are those of filch_map_next().
 * @{ */

/** A map over an input. */
typedef struct filch_map_stream filch_map_stream;

/** The order in which filch_map_next() gives out results. */
enum filch_map_order {
    FILCH_ORDERED,      /**< that of the input */
    FILCH_AS_COMPLETED, /**< that in which the chunks complete */
};

/** filch_map_next(): the code is none of an item. */
#define FILCH_NO_ITEM SIZE_MAX

/** What is mapped, and how; zero is the default where there is one. */
struct filch_map_options {
    /** The input: writes the next item to @p item, which is item_bytes long
     * and aligned to 16. 1: done; 0: there are no more; negative: the input
     * has failed. It is not called again after one of the last two. May
     * block; the results that are there wait meanwhile. */
    int (*next_item)(void *data, void *item);
    void *data;          /**< what next_item gets */
    size_t item_bytes;   /**< not 0; a task's arg is the item */
    size_t result_bytes; /**< of any size; a task's result is room for so
                              much, zeroed, aligned to 16. 0: it is NULL */
    /** Items that have been read and whose results have not been taken, at
     * the most. Default: 4 chunks for each worker. */
    size_t window;
    /** Items per task, at most `window`; default 1. The results of a chunk
     * come when all of it is done, and the next chunk is read when all of it
     * has been taken. */
    size_t chunk;
    enum filch_map_order order; /**< default: that of the input */
    int reserved;               /**< zero */
    /** For the map as a whole: after it nothing is read, no item starts, and
     * filch_map_next() does not wait. 0: none. */
    int64_t deadline;
    /** What cancels the map: filch_map_next() says so (-ECANCELED). Default:
     * the token of the task that opens it, if there is one; #FILCH_NO_TOKEN
     * for none. The map has a token of its own below that one, with its
     * deadline, which its items get; it is cancelled when the map is over or
     * closed. */
    filch_token *token;
    /** Called with each item that was read, once: after the function, in its
     * thread, or when it is certain that it will not be called; or NULL. */
    void (*item_destroy)(void *item);
    /** Called with each result that nobody takes (its function has not
     * failed), in filch_map_next() or filch_map_close(); or NULL. */
    void (*result_destroy)(void *result);
};

/** #filch_map_open, told the function's name, where it is called, and the size
 * of the caller's struct filch_map_options. */
FILCH_API int filch_map_open_call(filch_map_stream **m, filch_executor *ex,
    filch_task *fn, const char *site, const struct filch_map_options *options,
    size_t options_size);

/**
 * `filch_map_open(&m, ex, fn, &options)`. Any thread. Allocates. Reads the
 * first `window` items and submits them, so it may block as next_item and as
 * filch_submit() do. The caller owns the map: filch_map_close(). A failing
 * input or a refused submit is told by filch_map_next(). (A macro with `...`,
 * so that the options may be a compound literal.)
 * @return 0; -EINVAL: null, no bytes, sizes that overflow or are negative
 *         numbers cast; -E2BIG: options that this library does not know;
 *         -ENOMEM; -EAGAIN: no thread to watch the deadline; #FILCH_EFORKED:
 *         the token came through fork()
 */
#define filch_map_open(m, ex, fn, ...)                                         \
    filch_map_open_call((m), (ex), (fn), FILCH_SITE(fn), (__VA_ARGS__),        \
        sizeof(struct filch_map_options))

/**
 * One thread at a time. Blocks until there is a result, or the deadline.
 * Allocates nothing, but as filch_submit() does, and in a task with
 * #FILCH_AS_COMPLETED for a list of what it waits for.
 * Copies out the next result; if with that the last one of a chunk is taken,
 * reads the next chunk and submits it. The executor must still be there.
 *
 * A failed item is an outcome as any other: the results before it have been
 * delivered, those behind it follow if it is called again. Whoever has
 * enough closes the map. A code that is none of an item (*index is
 * #FILCH_NO_ITEM) comes after all results that precede it, and, but for
 * -EDEADLK, ever after.
 * @param result  result_bytes; NULL: not wanted. Only written for 1
 * @param index   receives the item's number, from 0 on; may be NULL
 * @return 1: a result. An item's failure: what its function returned;
 *         -ECANCELED, #FILCH_EDROPPED, #FILCH_EBROKEN, -EAGAIN (not one
 *         worker could be started): it never ran.
 *         With #FILCH_NO_ITEM: 0: that was all; the failure of the input;
 *         -ETIMEDOUT: the deadline has passed, -ECANCELED: the map's token
 *         is cancelled, or all that runs is to stop: what has not started never
 *         will, what runs is told; a refusal as of filch_submit(); -EDEADLK:
 *         part of a cycle of waits; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_map_next(filch_map_stream *m, void *result, size_t *index);

/**
 * One thread at a time. Wait-free. What the last filch_map_next() returned, if
 * negative, with the message of the function's filch_failf(). Its strings
 * live until the next call with the map.
 * @return 0: it did not fail; else the code; -EINVAL
 */
FILCH_API int filch_map_failure(
    const filch_map_stream *m, struct filch_failure *failure);

/**
 * Any thread, when none uses the map any more. Blocks. Cancels what has not
 * started, tells the items that run (filch_stopping()) and waits for them,
 * destroys what nobody has taken, also failures, and frees the map. The
 * executor may have been closed by then. In a child of fork() it only frees.
 * NULL is allowed.
 * @return 0; -EDEADLK: called by one of the map's own items: nothing is done
 */
FILCH_API int filch_map_close(filch_map_stream *m);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
