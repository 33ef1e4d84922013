/* SPDX-License-Identifier: MIT */
/* The parallel sort: every size, order and comparison; what comes out is sorted
 * and stable, or at least all that went in. */
#include "../../support/pool.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>

TestSuite(sort, .timeout = 120);

typedef int sorting(filch_executor *ex, void *base, size_t count, size_t size,
    filch_compare *compare, void *arg);

static uint64_t next(uint64_t *random)
{
    *random = *random * 6364136223846793005U + 1442695040888963407U;
    return *random >> 33;
}

/* An element of any size: a key of a byte, then, as far as there is room, its
 * number, then the key again. */
enum { NUMBER_AT = 1, FILL_AT = NUMBER_AT + sizeof(uint32_t) };

static void write_element(char *to, size_t size, int key, uint32_t number)
{
    memset(to, key, size);
    if (size >= FILL_AT)
        memcpy(to + NUMBER_AT, &number, sizeof number);
}

static uint32_t number_of(const char *element)
{
    uint32_t number;
    memcpy(&number, element + NUMBER_AT, sizeof number);
    return number;
}

static int compare_keys(const void *a, const void *b, void *arg)
{
    (void)arg;
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

static char *make_array(size_t count, size_t size)
{
    char *array = aligned_alloc(4096, (count * size + 4096) / 4096 * 4096);
    cr_assert(array != NULL);
    return array;
}

static void fill_random(char *array, size_t count, size_t size, int keys)
{
    uint64_t random = count * 31 + size;
    for (size_t i = 0; i < count; i++)
        write_element(array + i * size, size,
            (int)(next(&random) % (uint64_t)keys), (uint32_t)i);
}

static bool is_filled(const char *element, size_t size)
{
    for (size_t i = FILL_AT; i < size; i++)
        if (element[i] != element[0])
            return false;
    return true;
}

/* As many of each key as there were in what `seen` counts. */
static void count_keys(
    const char *array, size_t count, size_t size, long change, long *seen)
{
    for (size_t i = 0; i < count; i++)
        seen[(unsigned char)array[i * size]] += change;
}

/* The same elements, in any order. */
static void check_all_there(
    const char *array, const char *before, size_t count, size_t size)
{
    long seen[256] = {0};
    bool *numbers = calloc(count + 1, 1);
    count_keys(before, count, size, 1, seen);
    count_keys(array, count, size, -1, seen);
    for (int i = 0; i < 256; i++)
        cr_assert_eq(seen[i], 0);
    for (size_t i = 0; i < count && size >= FILL_AT; i++) {
        uint32_t number = number_of(array + i * size);
        cr_assert(number < count && !numbers[number]);
        cr_assert(is_filled(array + i * size, size));
        cr_assert_eq(array[i * size], before[number * size]);
        numbers[number] = true;
    }
    free(numbers);
}

static void check_stable(const char *array, size_t count, size_t size)
{
    for (size_t i = 1; i < count; i++) {
        const char *a = array + (i - 1) * size, *b = a + size;
        int order = compare_keys(a, b, NULL);
        cr_assert(order <= 0);
        cr_assert(order < 0 || size < FILL_AT || number_of(a) < number_of(b));
    }
}

static void sort_and_check(
    filch_executor *ex, sorting *sort, size_t count, size_t size)
{
    char *array = make_array(count, size), *before = make_array(count, size);
    fill_random(array, count, size, size % 2 ? 256 : 16);
    memcpy(before, array, count * size);
    cr_assert_eq(sort(ex, array, count, size, compare_keys, NULL), 0);
    check_all_there(array, before, count, size);
    if (sort == filch_sort_stable)
        check_stable(array, count, size);
    else
        for (size_t i = 1; i < count; i++)
            cr_assert(compare_keys(
                          array + (i - 1) * size, array + i * size, NULL) <= 0);
    free(array);
    free(before);
}

static void sort_sizes(const size_t *sizes, const size_t *counts)
{
    for (int workers = 1; workers <= 3; workers += 2) {
        filch_executor *ex = open_pool(workers);
        for (const size_t *size = sizes; *size; size++)
            for (const size_t *count = counts; *count; count++) {
                sort_and_check(ex, filch_sort_stable, *count, *size);
                sort_and_check(ex, filch_sort, *count, *size);
            }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(sort, small_elements)
{
    sort_sizes((size_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 20,
                   24, 31, 32, 33, 40, 63, 64, 65, 100, 127, 128, 129, 0},
        (size_t[]){1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 33, 100, 1023,
            1024, 1025, 2047, 2049, 3500, 20000, 0});
}

Test(sort, large_elements)
{
    sort_sizes((size_t[]){255, 256, 257, 264, 511, 512, 1000, 1024, 4095, 4096,
                   5000, 0},
        (size_t[]){
            1, 2, 3, 4, 5, 8, 9, 63, 64, 65, 66, 128, 129, 200, 1025, 2500, 0});
}

Test(sort, every_small_count)
{
    filch_executor *ex = open_pool(1);
    for (size_t count = 0; count < 300; count++) {
        sort_and_check(ex, filch_sort_stable, count, 8);
        sort_and_check(ex, filch_sort_stable, count, 264);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* The room for the elements that are moved is aligned to a page at most. */
Test(sort, elements_of_two_pages)
{
    sort_sizes((size_t[]){8192, 0}, (size_t[]){70, 0});
}

/* The last one first: what is reversed, in pieces, for each size. */
Test(sort, descending_elements)
{
    enum { COUNT = 250 };
    static const size_t sizes[] = {1, 4, 8, 16, 24, 128, 264};
    filch_executor *ex = open_pool(2);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        char *array = make_array(COUNT, size);
        for (int at = 0; at < COUNT; at++)
            write_element(
                array + (size_t)at * size, size, COUNT - at, (uint32_t)at);
        cr_assert_eq(
            filch_sort_stable(ex, array, COUNT, size, compare_keys, NULL), 0);
        for (int at = 0; at < COUNT; at++)
            cr_assert_eq((unsigned char)array[(size_t)at * size], at + 1);
        free(array);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Elements that change places in pairs, or not at all. */
Test(sort, large_elements_in_order)
{
    enum { COUNT = 250, SIZE = 300 };
    filch_executor *ex = open_pool(2);
    for (int step = -1; step <= 1; step += 2) {
        char *array = make_array(COUNT, SIZE);
        for (int i = 0; i < COUNT; i++)
            write_element(array + (size_t)i * SIZE, SIZE,
                step > 0 ? i : COUNT - 1 - i, (uint32_t)i);
        cr_assert_eq(filch_sort(ex, array, COUNT, SIZE, compare_keys, NULL), 0);
        for (int i = 0; i < COUNT; i++) {
            const char *element = array + (size_t)i * SIZE;
            cr_assert_eq((unsigned char)element[0], i);
            cr_assert_eq(
                number_of(element), (uint32_t)(step > 0 ? i : COUNT - 1 - i));
            cr_assert(is_filled(element, SIZE));
        }
        free(array);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Numbers in different orders. */
static int compare_numbers(const void *a, const void *b, void *arg)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (arg)
        atomic_fetch_add((atomic_long *)arg, 1);
    return (x > y) - (x < y);
}

typedef int arrangement(int i, int count);

static int ascending(int i, int count)
{
    (void)count;
    return i;
}

static int descending(int i, int count)
{
    return count - i;
}

static int equal(int i, int count)
{
    (void)count;
    (void)i;
    return 5;
}

static int organ_pipe(int i, int count)
{
    return i < count / 2 ? i : count - i;
}

static int valley(int i, int count)
{
    return i < count / 2 ? count - i : i;
}

static int saw(int i, int count)
{
    (void)count;
    return i % 3000;
}

static int saw_down(int i, int count)
{
    return (count - i) % 1500;
}

static int stairs(int i, int count)
{
    return (count - i) / 100;
}

static int swapped_halves(int i, int count)
{
    return (i + count / 2) % count;
}

static int one_behind(int i, int count)
{
    return i == count - 1 ? -1 : i;
}

static int one_before(int i, int count)
{
    return i == 0 ? count : i;
}

static arrangement *const shapes[] = {ascending, descending, equal, organ_pipe,
    valley, saw, saw_down, stairs, swapped_halves, one_behind, one_before};

static void sort_shape(filch_executor *ex, arrangement *shape, int count)
{
    int *array = calloc((size_t)count, sizeof *array);
    long sum = 0;
    for (int i = 0; i < count; i++)
        sum += array[i] = shape(i, count);
    cr_assert_eq(filch_sort_stable(ex, array, (size_t)count, sizeof *array,
                     compare_numbers, NULL),
        0);
    for (int i = 0; i < count; i++) {
        cr_assert(i == 0 || array[i - 1] <= array[i]);
        sum -= array[i];
    }
    cr_assert_eq(sum, 0);
    free(array);
}

Test(sort, orders)
{
    for (int workers = 1; workers <= 4; workers++) {
        filch_executor *ex = open_pool(workers);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            sort_shape(ex, shapes[i], 1000);
            sort_shape(ex, shapes[i], 65536);
            sort_shape(ex, shapes[i], 100001);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* What is in order costs a comparison for each element, and a few. */
Test(sort, runs_cost_little)
{
    enum { COUNT = 100001 };
    static int array[COUNT];
    filch_executor *ex = open_pool(1);
    for (size_t k = 0; k < 3; k++) {
        atomic_long calls = 0;
        for (int i = 0; i < COUNT; i++)
            array[i] = shapes[k](i, COUNT);
        cr_assert_eq(filch_sort(ex, array, COUNT, sizeof *array,
                         compare_numbers, &calls),
            0);
        cr_assert(atomic_load(&calls) < COUNT + COUNT / 100);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Comparisons that are no order. */
struct lie {
    atomic_long calls;
    int answer; /* 2: any */
};

static int lie(const void *a, const void *b, void *arg)
{
    struct lie *lie = arg;
    uint64_t seed = (uint64_t)atomic_fetch_add(&lie->calls, 1);
    cr_assert_eq(*(const char *)a & 0x7f, *(const char *)a);
    cr_assert_eq(*(const char *)b & 0x7f, *(const char *)b);
    seed *= 0x9E3779B97F4A7C15U;
    return lie->answer < 2 ? lie->answer : (int)((seed >> 40) % 3) - 1;
}

static void sort_by_lies(
    filch_executor *ex, int answer, size_t count, size_t size)
{
    char *array = make_array(count, size), *before = make_array(count, size);
    struct lie liar = {.answer = answer};
    fill_random(array, count, size, 100);
    memcpy(before, array, count * size);
    cr_assert_eq(filch_sort(ex, array, count, size, lie, &liar), 0);
    check_all_there(array, before, count, size);
    cr_assert(atomic_load(&liar.calls) < (long)count * 3 * 20);
    free(array);
    free(before);
}

Test(sort, liars)
{
    filch_executor *ex = open_pool(2);
    for (int answer = -1; answer <= 2; answer++)
        for (size_t count = 2; count < 100000; count = count * 3 / 2 + 1) {
            sort_by_lies(ex, answer, count, 8);
            sort_by_lies(ex, answer, count, 6);
            if (count < 3000)
                sort_by_lies(ex, answer, count, 300);
        }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* What the comparison gets is as aligned as the size allows. */
static int compare_aligned(const void *a, const void *b, void *arg)
{
    uintptr_t mask = *(const uintptr_t *)arg - 1;
    cr_assert_eq((uintptr_t)a & mask, 0);
    cr_assert_eq((uintptr_t)b & mask, 0);
    return compare_keys(a, b, NULL);
}

Test(sort, alignment)
{
    filch_executor *ex = open_pool(2);
    for (size_t size = 2; size <= 4096; size *= 2) {
        uintptr_t alignment = size;
        size_t count = size < 64 ? 5000 : 300;
        char *array = make_array(count, size);
        fill_random(array, count, size, 256);
        cr_assert_eq(
            filch_sort(ex, array, count, size, compare_aligned, &alignment), 0);
        check_stable(array, count, size);
        free(array);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Nonsense. */
static void refuse(sorting *sort)
{
    filch_executor *ex = open_pool(1);
    int two[] = {2, 1};
    filch_compare *by = compare_numbers;
    cr_assert_eq(sort(NULL, two, 2, sizeof *two, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, NULL, 2, sizeof *two, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, two, 2, 0, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, two, 2, sizeof *two, NULL, NULL), -EINVAL);
    cr_assert_eq(sort(ex, two, SIZE_MAX / 4 + 2, 4, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, two, 2, PTRDIFF_MAX, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, two, 1, (size_t)PTRDIFF_MAX + 1, by, NULL), -EINVAL);
    cr_assert_eq(sort(ex, NULL, 0, sizeof *two, by, NULL), 0);
    cr_assert_eq(sort(ex, two, 1, sizeof *two, by, NULL), 0);
    cr_assert_eq(filch_executor_shutdown(ex, FILCH_FINISH, FILCH_FOREVER), 0);
    cr_assert_eq(sort(ex, two, 2, sizeof *two, by, NULL), FILCH_ESHUTDOWN);
    cr_assert_eq(two[0], 2);
    cr_assert_eq(two[1], 1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(sort, nonsense)
{
    refuse(filch_sort);
    refuse(filch_sort_stable);
}

/* Nested: sorts in tasks, and a comparison that sorts. */
static int sort_in_task(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    sort_and_check(filch_ctx_executor(cx), filch_sort_stable, 20000, 8);
    sort_and_check(filch_ctx_executor(cx), filch_sort_stable, 300, 300);
    return 0;
}

static int compare_by_sorting(const void *a, const void *b, void *arg)
{
    int both[] = {*(const int *)a, *(const int *)b};
    cr_assert_eq(
        filch_sort(arg, both, 2, sizeof *both, compare_numbers, NULL), 0);
    return both[0] == both[1] ? 0 : both[0] == *(const int *)a ? -1 : 1;
}

Test(sort, nested)
{
    filch_executor *ex = open_pool(2);
    filch_future *tasks[4];
    int array[5000];
    for (int i = 0; i < 4; i++)
        tasks[i] = filch_submit(ex, sort_in_task, NULL);
    for (int i = 0; i < 5000; i++)
        array[i] = i * 7919 % 5000;
    cr_assert_eq(
        filch_sort(ex, array, 5000, sizeof *array, compare_by_sorting, ex), 0);
    for (int i = 0; i < 5000; i++)
        cr_assert_eq(array[i], i);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(settle(tasks[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Told to stop by one of the comparisons. */
struct stop {
    filch_executor *executor;
    atomic_long left;
};

static int compare_and_stop(const void *a, const void *b, void *arg)
{
    struct stop *stop = arg;
    if (atomic_fetch_sub(&stop->left, 1) == 1)
        cr_assert_eq(filch_executor_shutdown(
                         stop->executor, FILCH_STOP_RUNNING, FILCH_POLL),
            -ETIMEDOUT);
    return compare_keys(a, b, NULL);
}

static void stop_after(long calls, size_t count, size_t size)
{
    struct stop stop = {open_pool(1 + (int)(calls % 3)), calls};
    char *array = make_array(count, size), *before = make_array(count, size);
    fill_random(array, count, size, 256);
    memcpy(before, array, count * size);
    cr_assert_eq(
        filch_sort(stop.executor, array, count, size, compare_and_stop, &stop),
        -ECANCELED);
    check_all_there(array, before, count, size);
    cr_assert_eq(filch_executor_close(stop.executor), 0);
    free(array);
    free(before);
}

Test(sort, told_to_stop)
{
    for (long calls = 1; calls < 500000; calls = calls * 3 / 2 + 1) {
        stop_after(calls, 50000, 8);
        stop_after(calls, 50000, 6);
        if (calls < 20000)
            stop_after(calls, 3000, 300);
    }
}
