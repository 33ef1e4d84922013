/* SPDX-License-Identifier: MIT */
/* Slabs: who gets a freed object, and when the arena ends. The one thread of
 * these tests is the owner or somebody else, as it says. */
#include "../../support/feature.h"

#include "concurrent/slab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

TestSuite(slab, .timeout = 120);

/* MANY are many chunks, and several blocks. */
enum { BYTES = 64, MANY = 10000 };

/* What a test says of an object while it is free. */
struct mark {
    uint64_t value;
};

static struct fl_arena arena;
static struct fl_slab slab;
static struct fl_slab other;
static int destroyed;
static char *objects[MANY];

static void destroy(struct fl_arena *a)
{
    cr_assert_eq(a, &arena);
    fl_slab_unmap(&slab);
    fl_slab_unmap(&other);
    destroyed++;
}

/* An arena with two slabs of one owner. */
static void open_arena(void)
{
    fl_arena_init(&arena, destroy);
    fl_slab_init(&slab, BYTES, &arena, &arena);
    fl_slab_init(&other, 2 * (size_t)BYTES, &arena, &arena);
    fl_slab_own(&arena);
}

static void close_slabs(void)
{
    fl_slab_close(&slab);
    fl_slab_close(&other);
    fl_slab_own(NULL);
}

/* Nothing is out any more. */
static void close_arena(void)
{
    close_slabs();
    cr_assert_eq(destroyed, 0);
    fl_arena_release(&arena);
    cr_assert_eq(destroyed, 1);
}

static void *alloc(struct fl_slab *from)
{
    void *object = fl_slab_alloc(from);
    cr_assert_not_null(object);
    return object;
}

static void alloc_objects(int count)
{
    for (int i = 0; i < count; i++)
        objects[i] = alloc(&slab);
}

static void free_objects(int count)
{
    for (int i = 0; i < count; i++)
        fl_slab_free(objects[i]);
}

/* As another thread would: one that owns nothing. */
static void free_elsewhere(void *object)
{
    fl_slab_own(NULL);
    fl_slab_free(object);
    fl_slab_own(&arena);
}

static bool is_filled(const char *object, char byte)
{
    for (int i = 0; i < BYTES; i++)
        if (object[i] != byte)
            return false;
    return true;
}

Test(slab, objects_do_not_overlap)
{
    open_arena();
    alloc_objects(MANY);
    for (int i = 0; i < MANY; i++)
        memset(objects[i], i % 127 + 1, BYTES);
    for (int i = 0; i < MANY; i++)
        cr_assert(is_filled(objects[i], (char)(i % 127 + 1)), "%d", i);
    free_objects(MANY);
    close_arena();
}

Test(slab, an_object_knows_its_arena)
{
    open_arena();
    alloc_objects(MANY);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(fl_slab_arena(objects[i]), &arena);
    free_objects(MANY);
    close_arena();
}

Test(slab, the_owner_gets_back_what_it_freed)
{
    open_arena();
    for (int i = 0; i < 100; i++) {
        alloc_objects(2);
        fl_slab_free(objects[i % 2]);
        cr_assert_eq(alloc(&slab), objects[i % 2]);
        free_objects(2);
    }
    cr_assert_lt(slab.carved, 100, "one chunk is enough");
    close_arena();
}

Test(slab, an_object_goes_back_to_its_slab)
{
    open_arena();
    void *small = alloc(&slab);
    void *big = alloc(&other);
    fl_slab_free(small);
    fl_slab_free(big);
    cr_assert_eq(alloc(&other), big);
    cr_assert_eq(alloc(&slab), small);
    free_elsewhere(small);
    free_elsewhere(big);
    cr_assert_eq(
        load_relaxed(&fl_slab_chunk(small)->remote), fl_slab_bit(small));
    cr_assert_eq(load_relaxed(&fl_slab_chunk(big)->remote), fl_slab_bit(big));
    cr_assert_eq(load_relaxed(&slab.ready), fl_slab_chunk(small));
    cr_assert_eq(load_relaxed(&other.ready), fl_slab_chunk(big));
    close_arena();
}

static bool is_free(uint64_t set, const void *object)
{
    return set & fl_slab_bit(object);
}

/* The owner's set is the owner's alone; owners of other slabs are others. */
Test(slab, others_leave_the_owners_set_alone)
{
    open_arena();
    alloc_objects(3);
    fl_slab_own(&slab);
    fl_slab_free(objects[0]);
    fl_slab_own(NULL);
    fl_slab_free(objects[1]);
    uint64_t remote = load_relaxed(&slab.current->remote);
    cr_assert(is_free(remote, objects[0]) && is_free(remote, objects[1]));
    fl_slab_own(&arena);
    fl_slab_free(objects[2]);
    cr_assert(is_free(slab.local, objects[2]));
    cr_assert_not(is_free(slab.local, objects[0]));
    cr_assert_not(is_free(slab.local, objects[1]));
    close_arena();
}

/* A stale handle can be told from a live one. */
Test(slab, a_free_object_is_left_alone)
{
    open_arena();
    struct mark *mine = alloc(&slab);
    struct mark *theirs = alloc(&slab);
    mine->value = 23;
    theirs->value = 42;
    fl_slab_free(mine);
    free_elsewhere(theirs);
    cr_assert_eq(mine->value, 23);
    cr_assert_eq(theirs->value, 42);
    cr_assert_eq(alloc(&slab), mine);
    cr_assert_eq(mine->value, 23);
    fl_slab_free(mine);
    close_arena();
}

/* In whatever order they come home: objects are next handed out chunk by
 * chunk, in the order of their addresses. */
Test(slab, neighbours_stay_neighbours)
{
    int jumps = 0;
    open_arena();
    alloc_objects(MANY);
    for (int i = 0; i < MANY; i++) /* 7919 is a prime */
        free_elsewhere(objects[i * 7919LL % MANY]);
    alloc_objects(MANY);
    for (int i = 1; i < MANY; i++)
        jumps += objects[i] != objects[i - 1] + BYTES;
    cr_assert_leq(jumps, 2 + MANY * BYTES / (FL_CHUNK_BYTES - BYTES));
    free_objects(MANY);
    close_arena();
}

/* Object i of this round, in turn freed by the owner and by others. */
static void free_mixed(int i)
{
    if (i % 2)
        fl_slab_free(objects[i]);
    else
        free_elsewhere(objects[i]);
}

Test(slab, remote_frees_come_home)
{
    int64_t carved = 0;
    open_arena();
    for (int round = 0; round < 1000; round++) {
        alloc_objects(100);
        for (int i = 0; i < 100; i++)
            free_elsewhere(objects[i]);
        if (round == 499)
            carved = slab.carved;
    }
    cr_assert_eq(slab.carved, carved, "it needs no more in the steady state");
    cr_assert_lt(carved, 1000 * 100);
    close_arena();
}

/* No object is handed out twice, wherever it has been freed. */
Test(slab, an_object_comes_back_once)
{
    open_arena();
    for (int round = 0; round < 5; round++) {
        alloc_objects(MANY);
        for (int i = 0; i < MANY; i++) {
            struct mark *object = (void *)objects[i];
            cr_assert_eq(object->value, 0, "it is out already");
            object->value = 1;
        }
        for (int i = 0; i < MANY; i++) {
            ((struct mark *)(void *)objects[i])->value = 0;
            free_mixed(i);
        }
    }
    cr_assert_geq(slab.carved, MANY);
    close_arena();
}

Test(slab, an_unused_arena_ends_with_its_executor)
{
    open_arena();
    close_arena();
}

Test(slab, free_objects_do_not_keep_an_arena)
{
    open_arena();
    alloc_objects(MANY);
    for (int i = 0; i < MANY; i++)
        free_mixed(i);
    close_arena();
}

Test(slab, the_last_object_ends_the_arena)
{
    open_arena();
    alloc_objects(MANY);
    void *big = alloc(&other);
    for (int i = MANY / 2; i < MANY; i++)
        free_mixed(i);
    close_slabs();
    fl_arena_release(&arena);
    for (int i = 0; i < MANY / 2; i++) {
        memset(objects[i], 1, BYTES);
        fl_slab_free(objects[i]);
        cr_assert_eq(destroyed, 0, "%d", i);
    }
    fl_slab_free(big);
    cr_assert_eq(destroyed, 1);
}

Test(slab, the_arena_waits_for_the_executor)
{
    open_arena();
    alloc_objects(10);
    close_slabs();
    free_objects(10);
    cr_assert_eq(destroyed, 0);
    fl_arena_release(&arena);
    cr_assert_eq(destroyed, 1);
}

/* One slab is closed while objects of the next are still counted. */
Test(slab, the_arena_waits_for_all_slabs)
{
    open_arena();
    void *small = alloc(&slab);
    void *big = alloc(&other);
    fl_slab_close(&slab);
    fl_slab_own(NULL);
    fl_slab_free(small);
    fl_slab_free(big);
    cr_assert_eq(destroyed, 0);
    fl_slab_close(&other);
    cr_assert_eq(destroyed, 0);
    fl_arena_release(&arena);
    cr_assert_eq(destroyed, 1);
}

Test(slab, the_arena_waits_for_whoever_retains_it)
{
    open_arena();
    void *object = alloc(&slab);
    fl_arena_retain(&arena);
    fl_arena_retain(fl_slab_arena(object));
    close_slabs();
    fl_arena_release(&arena);
    fl_slab_free(object);
    fl_arena_release(&arena);
    cr_assert_eq(destroyed, 0);
    fl_arena_release(&arena);
    cr_assert_eq(destroyed, 1);
}

static bool is_mapped(const char *object)
{
    unsigned char residence;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t within = (uintptr_t)object & (page - 1);
    return mincore((void *)(uintptr_t)(object - within), 1, &residence) == 0;
}

Test(slab, the_end_unmaps_all_chunks)
{
    open_arena();
    alloc_objects(MANY);
    for (int i = 0; i < MANY; i++)
        cr_assert(is_mapped(objects[i]), "%s", strerror(errno));
    free_objects(MANY);
    close_arena();
    for (int i = 0; i < MANY; i++)
        cr_assert_not(is_mapped(objects[i]), "%d", i);
}
