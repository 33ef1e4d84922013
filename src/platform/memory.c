/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/memory.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

static char *map(size_t bytes)
{
    char *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

/* Twice the size contains an aligned block; the rest goes back. */
static char *map_and_trim(size_t bytes)
{
    char *block = map(2 * bytes);
    if (!block)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)block & (bytes - 1));
    if (before)
        munmap(block, before);
    if (bytes - before)
        munmap(block + before + bytes, bytes - before);
    return block + before;
}

void *fl_memory_map(size_t bytes)
{
    int saved = errno;
    /* Next to an earlier block is where the kernel looks first, so that all
     * but the first block are aligned at once. */
    char *block = map(bytes);
    if (block && ((uintptr_t)block & (bytes - 1))) {
        munmap(block, bytes);
        block = map_and_trim(bytes);
    }
    errno = saved;
    return block;
}

void fl_memory_unmap(void *block, size_t bytes)
{
    int saved = errno;
    munmap(block, bytes);
    errno = saved;
}
