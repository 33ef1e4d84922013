/* SPDX-License-Identifier: MIT */
/*
 * Sorts of many kinds, on pools of one to sixteen workers, several at a time:
 * random elements of several sizes, comparisons that lie, sorts in tasks, an
 * executor that is told to stop in the middle.
 */
#include "../support/pool.h"
#include "../support/stress.h"

#include <stdbool.h>

enum { ELEMENTS_MAX = 30000 };

/* An element begins with these; the rest is the key's lowest byte. */
struct head {
    uint32_t key, number;
};

struct mix {
    size_t size;
    size_t count;
    uint32_t keys;
    filch_compare *compare;
    bool may_stop;
};

static struct head head_of(const void *element)
{
    struct head head;
    memcpy(&head, element, sizeof head);
    return head;
}

static int compare_heads(const void *a, const void *b, void *arg)
{
    uint32_t x = head_of(a).key, y = head_of(b).key;
    (void)arg;
    return (x > y) - (x < y);
}

static int compare_madly(const void *a, const void *b, void *arg)
{
    uint64_t mixed = (uint64_t)head_of(a).number << 32 | head_of(b).number;
    (void)arg;
    return (int)(draw_bits(&mixed) % 3) - 1;
}

static void fill(char *array, const struct mix *mix, uint64_t *random)
{
    for (size_t i = 0; i < mix->count; i++) {
        struct head head = {
            (uint32_t)(draw_bits(random) % mix->keys), (uint32_t)i};
        memset(array + i * mix->size, (char)head.key, mix->size);
        memcpy(array + i * mix->size, &head, sizeof head);
    }
}

static void check(const char *array, const struct mix *mix, bool is_sorted)
{
    bool *seen = calloc(mix->count, sizeof *seen);
    MUST(seen != NULL);
    for (size_t i = 0; i < mix->count; i++) {
        const char *element = array + i * mix->size;
        struct head head = head_of(element);
        MUST(head.number < mix->count && !seen[head.number]);
        seen[head.number] = true;
        for (size_t k = sizeof head; k < mix->size; k++)
            MUST(element[k] == (char)head.key);
        if (i == 0 || !is_sorted)
            continue;
        struct head before = head_of(element - mix->size);
        MUST(before.key < head.key ||
             (before.key == head.key && before.number < head.number));
    }
    free(seen);
}

static void sort_mix(
    filch_executor *ex, const struct mix *mix, uint64_t *random)
{
    char *array = malloc(mix->count * mix->size);
    MUST(array != NULL);
    fill(array, mix, random);
    int rc =
        filch_sort_stable(ex, array, mix->count, mix->size, mix->compare, NULL);
    MUST(rc == 0 ||
         (mix->may_stop && (rc == -ECANCELED || rc == FILCH_ESHUTDOWN)));
    check(array, mix, rc == 0 && mix->compare == compare_heads);
    free(array);
}

static void sort_random(filch_executor *ex, uint64_t *random, bool may_stop)
{
    static const size_t sizes[] = {8, 16, 12, 40, 100, 300, 8, 8};
    struct mix mix = {.size = sizes[draw(random, 8)],
        .keys = draw(random, 2) ? UINT32_MAX : 20,
        .compare = draw(random, 4) ? compare_heads : compare_madly,
        .may_stop = may_stop};
    mix.count = (size_t)draw(random, ELEMENTS_MAX) + 1;
    if (mix.size > 16)
        mix.count = mix.count / 8 + 1;
    sort_mix(ex, &mix, random);
}

struct shared {
    filch_executor *executor;
    bool may_stop;
};

static void *sort_beside_others(void *arg)
{
    struct stress_thread *thread = arg;
    struct shared *shared = thread->shared;
    for (int i = 0; i < 6; i++)
        sort_random(shared->executor, &thread->random, shared->may_stop);
    return NULL;
}

static void *stop_beside_others(void *arg)
{
    struct stress_thread *thread = arg;
    struct shared *shared = thread->shared;
    if (thread->number > 0)
        return sort_beside_others(arg);
    sort_random(shared->executor, &thread->random, true);
    (void)filch_executor_shutdown(shared->executor,
        FILCH_STOP_RUNNING | FILCH_CANCEL_PENDING, FILCH_POLL);
    return NULL;
}

static int sort_inside(filch_ctx *cx, void *arg, void *result)
{
    uint64_t random = *(const uint64_t *)arg;
    (void)result;
    sort_random(filch_ctx_executor(cx), &random, false);
    return 0;
}

static void sort_in_tasks(filch_executor *ex, uint64_t random)
{
    filch_future *tasks[10];
    uint64_t seeds[10];
    for (int i = 0; i < 10; i++) {
        seeds[i] = draw_bits(&random);
        tasks[i] = filch_submit(ex, sort_inside, &seeds[i]);
    }
    for (int i = 0; i < 10; i++)
        MUST(settle(tasks[i]) == 0);
}

int main(int argc, char **argv)
{
    static const int workers[] = {1, 2, 4, 16};
    struct stress s = stress_begin(argc, argv);
    for (unsigned long i = 0; i < 8 * s.scale; i++) {
        struct shared shared = {open_pool(workers[i % 4]), false};
        stress_run(sort_beside_others, s.seed + i, &shared);
        sort_in_tasks(shared.executor, s.seed + i);
        shared.may_stop = true;
        stress_run(stop_beside_others, s.seed + i, &shared);
        MUST(filch_executor_close(shared.executor) == 0);
    }
    return 0;
}
