/* SPDX-License-Identifier: MIT */
/* The scene's memory: every execution starts with all of it free, no address
 * is used twice in one, and what has been freed is watched. */
#include "machine.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { HEAP_BYTES = 4 << 20, BLOCKS_MOST = 512, GAP = 64 };

static _Alignas(1 << 18) char heap[HEAP_BYTES];
static struct block {
    char *start;
    size_t bytes;
    bool is_free;
} blocks[BLOCKS_MOST];
static unsigned block_count;
static char *unused = heap;

/* Regions of forks: only what the scenes touch is zeroed each time. */
enum { REGIONS_MOST = 8, REGION_BYTES = 1 << 24, REGION_TOUCHED = 1 << 12 };
static char *regions[REGIONS_MOST];
static unsigned region_count;

void heap_reset(void)
{
    unused = heap;
    block_count = 0;
    region_count = 0;
}

static void *take(size_t alignment, size_t bytes, int fill)
{
    uintptr_t at = (uintptr_t)unused + GAP;
    at = (at + alignment - 1) & ~(uintptr_t)(alignment - 1);
    if (at + bytes > (uintptr_t)heap + HEAP_BYTES || block_count == BLOCKS_MOST)
        model_fail("the checker's heap is full");
    char *start = (char *)at;
    memset(start, fill, bytes);
    unused = start + bytes;
    blocks[block_count++] = (struct block){start, bytes, false};
    return start;
}

static struct block *block_of(const void *address)
{
    for (unsigned i = block_count; i-- > 0;)
        if ((const char *)address >= blocks[i].start)
            return (const char *)address < blocks[i].start + blocks[i].bytes
                       ? &blocks[i]
                       : NULL;
    return NULL;
}

void heap_check_access(const void *address, size_t bytes)
{
    const char *first = address;
    if (first < heap || first >= heap + HEAP_BYTES)
        return; /* not ours: static, or on a stack */
    const struct block *block = block_of(first);
    if (!block || first + bytes > block->start + block->bytes)
        model_fail("access outside of any allocated block");
    if (block->is_free)
        model_fail("use after free");
}

void heap_check_leaks(void)
{
    for (unsigned i = 0; i < block_count; i++)
        if (!blocks[i].is_free)
            model_fail("something was not freed");
}

static void give_back(void *start)
{
    struct block *block = start ? block_of(start) : NULL;
    if (!start)
        return;
    if (!block || block->start != start || block->is_free)
        model_fail("free of what is not allocated");
    /* Whoever has not seen the last use would free it too early. */
    memory_plain(start, block->bytes < 256 ? block->bytes : 256, true);
    block->is_free = true;
    report_event(EVENT_FREE, start, block->bytes, "", NULL);
}

/* Linked in place of the C library's, for the library and the scene. */
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *start, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void __wrap_free(void *start);
void *model_memset(void *start, int byte, size_t count);

void *__wrap_malloc(size_t bytes)
{
    return take(16, bytes, 0xa5);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    void *start = take(16, count * bytes, 0);
    memory_plain(start, count * bytes, true);
    return start;
}

void *__wrap_realloc(void *start, size_t bytes)
{
    const struct block *old = start ? block_of(start) : NULL;
    size_t kept = old ? old->bytes : 0;
    char *moved = take(16, bytes, 0xa5);
    if (kept)
        memcpy(moved, start, kept < bytes ? kept : bytes);
    memory_plain(moved, bytes, true);
    give_back(start);
    return moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return take(alignment, bytes, 0xa5);
}

void __wrap_free(void *start)
{
    give_back(start);
}

/* What the library and the scene are compiled with. */
void *model_memset(void *start, int byte, size_t count)
{
    memory_plain(start, count, true);
    return memset(start, byte, count);
}

/* platform/memory.h */
void *fl_memory_map(size_t bytes);
void fl_memory_unmap(void *block, size_t bytes);

static void *map_region(void)
{
    if (region_count == REGIONS_MOST)
        model_fail("the checker's regions are used up");
    char **region = &regions[region_count++];
    if (!*region) {
        char *block = mmap(NULL, 2 * REGION_BYTES, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        *region = block + (-(uintptr_t)block & (REGION_BYTES - 1));
    }
    return memset(*region, 0, REGION_TOUCHED);
}

void *fl_memory_map(size_t bytes)
{
    return bytes < REGION_BYTES ? take(bytes, bytes, 0) : map_region();
}

void fl_memory_unmap(void *block, size_t bytes)
{
    if (bytes < REGION_BYTES)
        give_back(block);
}
