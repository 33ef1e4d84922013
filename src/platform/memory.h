/* SPDX-License-Identifier: MIT */
/* Address space: big aligned blocks whose pages cost nothing until used. */
#ifndef FL_PLATFORM_MEMORY_H
#define FL_PLATFORM_MEMORY_H

#include <stddef.h>

/* Any thread. `bytes` of zeroes at a multiple of `bytes`, a power of two of
 * at least a page. NULL: out of memory. */
void *fl_memory_map(size_t bytes);

/* Any thread. Gives back what fl_memory_map() returned. */
void fl_memory_unmap(void *block, size_t bytes);

#endif
