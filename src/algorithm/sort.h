/* SPDX-License-Identifier: MIT */
/* What the sort of large elements needs of that of small ones. */
#ifndef FL_ALGORITHM_SORT_H
#define FL_ALGORITHM_SORT_H

#include "algorithm/sorter.h"

/* Any thread. Blocks. filch_sort_stable() for elements of at most
 * FL_SORTER_SIZE_MOST bytes, and for arguments that are known to be right. */
int fl_sort_small(
    filch_executor *ex, void *base, size_t count, const struct fl_order *order);

/* Any thread. Blocks. The same for elements of any size. */
int fl_sort_large(
    filch_executor *ex, void *base, size_t count, const struct fl_order *order);

/* Any thread. Allocates, without a failure's trace. Room for so many elements,
 * aligned for whatever type has that size; to be freed. NULL: no memory. */
void *fl_sort_allocate(size_t count, size_t size);

#endif
