/* SPDX-License-Identifier: MIT */
/* Slabs: an object is handed out once at a time, and the arena goes after its
 * last use. */
#include "model.h"

#include "concurrent/slab.h"

#include <stdlib.h>

enum { BYTES = 1024, OBJECTS = 3 }; /* all in a chunk, beside its head */

struct object {
    int uses; /* plainly, by who has it */
};

struct estate {
    struct fl_arena arena;
    struct fl_slab slab;
};

static struct estate *estate;
static struct object *objects[OBJECTS];
static int destroyed;

static void destroy(struct fl_arena *arena)
{
    struct estate *gone = (struct estate *)(void *)arena;
    fl_slab_unmap(&gone->slab);
    free(gone);
    destroyed++;
}

static struct object *alloc(void)
{
    struct object *object = fl_slab_alloc(&estate->slab);
    MODEL_MUST(object != NULL);
    MODEL_MUST(object->uses == 0);
    object->uses = 1;
    return object;
}

static void drop(struct object *object)
{
    object->uses--;
    fl_slab_free(object);
}

static void begin(void)
{
    destroyed = 0;
    estate = aligned_alloc(FL_CACHE_LINE, sizeof *estate);
    fl_arena_init(&estate->arena, destroy);
    fl_slab_init(&estate->slab, BYTES, &estate->arena, estate);
    fl_slab_own(estate);
    for (int i = 0; i < OBJECTS; i++)
        objects[i] = alloc();
    fl_slab_own(NULL);
}

static void end(void)
{
    MODEL_MUST(destroyed == 1);
}

static void drop_0(void)
{
    drop(objects[0]);
}
static void drop_1(void)
{
    drop(objects[1]);
}
static void drop_both(void)
{
    drop(objects[0]);
    drop(objects[1]);
}

static void close_all(void)
{
    fl_slab_close(&estate->slab);
    fl_arena_release(&estate->arena);
}

/* The owner: what comes home is handed out again. */
static void alloc_two_and_close(void)
{
    fl_slab_own(estate);
    struct object *a = alloc();
    struct object *b = alloc();
    MODEL_MUST(a != b);
    drop(a);
    drop(b);
    drop(objects[2]);
    close_all();
}

static void close_only(void)
{
    fl_slab_own(estate);
    drop(objects[2]);
    close_all();
}

static const struct model_scene scenes[] = {
    {.name = "slab/close",
        .begin = begin,
        .play = {close_only, drop_0, drop_1},
        .end = end},
    {.name = "slab/reuse",
        .begin = begin,
        .play = {alloc_two_and_close, drop_both},
        .end = end},
    {.name = "slab/reuse_two",
        .begin = begin,
        .play = {alloc_two_and_close, drop_0, drop_1},
        .end = end},
    {.name = NULL},
};

int main(int argc, char **argv)
{
    return model_main(argc, argv, scenes);
}
