/* SPDX-License-Identifier: MIT */
#include "support/feature.h"

#include "inject.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_uint armed; /* kinds; 0: nothing is refused */
static atomic_int countdown;
static atomic_bool is_for_good;
static atomic_bool has_struck;
static atomic_long blocks;
static atomic_long mapped;
static atomic_long descriptors;

void fault_arm(unsigned kinds, int nth, bool for_good)
{
    atomic_store(&has_struck, false);
    atomic_store(&countdown, nth);
    atomic_store(&is_for_good, for_good);
    atomic_store(&armed, kinds);
}

void fault_pause(void)
{
    atomic_store(&armed, 0);
}

bool fault_disarm(void)
{
    fault_pause();
    return atomic_load(&has_struck);
}

struct fault_balance fault_balance(void)
{
    return (struct fault_balance){
        atomic_load(&blocks), atomic_load(&mapped), atomic_load(&descriptors)};
}

static bool strikes(unsigned kind)
{
    if (!(atomic_load(&armed) & kind))
        return false;
    int left = atomic_fetch_sub(&countdown, 1);
    bool strike = left == 1 || (left < 1 && atomic_load(&is_for_good));
    if (strike)
        atomic_store(&has_struck, true);
    return strike;
}

static void *given(void *block)
{
    atomic_fetch_add(&blocks, block != NULL);
    return block;
}

static void *refused(void)
{
    errno = ENOMEM;
    return NULL;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes)
{
    return strikes(FAULT_MEMORY) ? refused() : given(__real_malloc(bytes));
}

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
    return strikes(FAULT_MEMORY) ? refused()
                                 : given(__real_calloc(count, bytes));
}

void *__real_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes)
{
    if (strikes(FAULT_MEMORY))
        return refused();
    void *block = __real_realloc(old, bytes);
    return old == NULL ? given(block) : block;
}

void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes)
{
    return strikes(FAULT_MEMORY)
               ? refused()
               : given(__real_aligned_alloc(alignment, bytes));
}

int __real_posix_memalign(void **block, size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **block, size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    if (strikes(FAULT_MEMORY))
        return ENOMEM;
    int rc = __real_posix_memalign(block, alignment, bytes);
    atomic_fetch_add(&blocks, rc == 0);
    return rc;
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    atomic_fetch_sub(&blocks, block != NULL);
    __real_free(block);
}

void *__real_mmap(
    void *at, size_t bytes, int access, int flags, int fd, off_t offset);
void *__wrap_mmap(
    void *at, size_t bytes, int access, int flags, int fd, off_t offset);
void *__wrap_mmap(
    void *at, size_t bytes, int access, int flags, int fd, off_t offset)
{
    if (strikes(FAULT_MAPPING)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *block = __real_mmap(at, bytes, access, flags, fd, offset);
    if (block != MAP_FAILED)
        atomic_fetch_add(&mapped, (long)bytes);
    return block;
}

int __real_munmap(void *block, size_t bytes);
int __wrap_munmap(void *block, size_t bytes);
int __wrap_munmap(void *block, size_t bytes)
{
    atomic_fetch_sub(&mapped, (long)bytes);
    return __real_munmap(block, bytes);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*body)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*body)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
    void *(*body)(void *), void *arg)
{
    return strikes(FAULT_THREAD)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, body, arg);
}

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags)
{
    if (strikes(FAULT_DESCRIPTOR)) {
        errno = ENFILE;
        return -1;
    }
    int fd = __real_eventfd(count, flags);
    atomic_fetch_add(&descriptors, fd >= 0);
    return fd;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    atomic_fetch_sub(&descriptors, 1);
    return __real_close(fd);
}
