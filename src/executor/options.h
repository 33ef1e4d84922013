/* SPDX-License-Identifier: MIT */
/* Option structs from callers that were compiled with another version. */
#ifndef FL_EXECUTOR_OPTIONS_H
#define FL_EXECUTOR_OPTIONS_H

#include <stddef.h>

/*
 * Copies the caller's struct of `from_size` bytes (NULL: all defaults) into
 * ours of `to_size`; what the caller does not have is zero. -E2BIG: the
 * caller set something that we do not have.
 */
int fl_options_copy(
    void *to, size_t to_size, const void *from, size_t from_size);

#endif
