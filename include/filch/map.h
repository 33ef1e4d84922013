/* SPDX-License-Identifier: MIT */
/**
 * @file map.h
 * A task for each item of an array, the results in another, in order.
 */
#ifndef FILCH_MAP_H
#define FILCH_MAP_H

#include <filch/base.h>

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

#ifdef __cplusplus
}
#endif
#endif
