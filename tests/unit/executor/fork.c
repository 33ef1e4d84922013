/* SPDX-License-Identifier: MIT */
/* Fork and join: what comes out is what plain calls would give, for arguments
 * and results of any type, stolen or not. */
#include "../../support/fib.h"
#include "../../support/pool.h"
#include "../../support/theft.h"

#include <criterion/criterion.h>
#include <stdbool.h>

TestSuite(fork, .timeout = 120);

static struct theft theft;

/* On a pool of one nothing is stolen; with a spare, everything can be. */
static void run_both_ways(filch_fork_fn *fn)
{
    for (int i = 0; i < 20; i++) {
        filch_executor *ex = open_pool(1 + i / 2 % 2);
        theft_init(&theft, i % 2);
        cr_assert_eq(filch_run(ex, fn, NULL), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

Test(fork, fib_on_any_number_of_workers)
{
    static const int workers[] = {1, 2, 4, 16};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        filch_executor *ex = open_pool(workers[i]);
        for (int n = 0; n < 21; n += 5) {
            static const long fibs[] = {0, 5, 55, 610, 6765};
            long result = -1;
            cr_assert_eq(fib_run(ex, &result, n), 0);
            cr_assert_eq(result, fibs[n / 5]);
        }
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}

/* Arguments. */
struct small {
    char c[3];
};

struct pair {
    long a, b;
};

struct line {
    char text[70];
};

typedef int unary(int);

static int twice(int n)
{
    return 2 * n;
}

FILCH_TASK(int, none)
{
    theft_begin(&theft);
    return 7;
}

FILCH_TASK(int, one, char, a)
{
    theft_begin(&theft);
    return a;
}

FILCH_TASK(int, two, short, a, struct small, b)
{
    theft_begin(&theft);
    return a + b.c[0] + 10 * b.c[1] + 100 * b.c[2];
}

FILCH_TASK(double, three, struct small, a, double, b, int *, c)
{
    theft_begin(&theft);
    return a.c[2] + b + *c;
}

FILCH_TASK(long double, four, long double, a, float, b, bool, c, long, d)
{
    theft_begin(&theft);
    return a + (long double)b + (c ? 1000 : 0) + (long double)d;
}

FILCH_TASK(long, five, struct pair, a, char, b, char, c, char, d, unary *, e)
{
    theft_begin(&theft);
    return a.a * 1000 + a.b * 100 + b * 10 + c + e(d);
}

FILCH_TASK(
    int, six, int, a, char, b, struct line, c, short, d, double, e, char, f)
{
    theft_begin(&theft);
    return a + b + c.text[69] + d + (int)e + f;
}

FILCH_TASK(long, seven, unsigned char, a, unsigned char, b, unsigned short, c,
    unsigned, d, uint64_t, e, int8_t, f, const char *, g)
{
    theft_begin(&theft);
    return a + b + c + (long)d + (long)e + f + g[1];
}

FILCH_TASK(long double, eight, char, a, short, b, int, c, double, d, void *, e,
    struct small, f, long double, g, struct pair, h)
{
    theft_begin(&theft);
    MUST(e == &theft);
    return a + b + c + (long double)d + f.c[1] + g + (long double)(h.a + h.b);
}

static void pass_few(filch_ctx *cx)
{
    static const struct small abc = {{1, 2, 3}};
    int five_more = 5;
    none_fork(&cx);
    theft_await(&theft);
    MUST(none_join(&cx) == 7);
    one_fork(&cx, -3);
    theft_await(&theft);
    MUST(one_join(&cx) == -3);
    two_fork(&cx, -1000, abc);
    theft_await(&theft);
    MUST(two_join(&cx) == -679);
    three_fork(&cx, abc, 0.5, &five_more);
    theft_await(&theft);
    MUST(three_join(&cx) == 8.5);
}

static void pass_many(filch_ctx *cx)
{
    struct line line = {.text = {[69] = 42}};
    four_fork(&cx, 0.25L, 0.5F, true, 8);
    theft_await(&theft);
    MUST(four_join(&cx) == 1008.75L);
    five_fork(&cx, (struct pair){9, 8}, 7, 6, 5, twice);
    theft_await(&theft);
    MUST(five_join(&cx) == 9886);
    six_fork(&cx, 1, 2, line, 3, 4.5, 5);
    line.text[69] = 0; /* the fork has its own copy */
    theft_await(&theft);
    MUST(six_join(&cx) == 57);
    seven_fork(&cx, 255, 1, 65535, 1, UINT64_C(1) << 40, -1, "ab");
    theft_await(&theft);
    MUST(seven_join(&cx) == (1L << 40) + 255 + 1 + 65535 + 1 - 1 + 'b');
    eight_fork(&cx, 1, 2, 3, 4.5, &theft, (struct small){{0, 6, 0}}, 7.25L,
        (struct pair){100, 200});
    theft_await(&theft);
    MUST(eight_join(&cx) == 323.75L);
}

static int pass_arguments(filch_ctx *cx, void *frame)
{
    (void)frame;
    pass_few(cx);
    pass_many(cx);
    return 0;
}

Test(fork, arguments_of_any_type)
{
    run_both_ways(pass_arguments);
}

/* Results. */
struct forty {
    long words[5];
};

struct hundred {
    char bytes[100];
};

struct page {
    long words[512];
};

FILCH_TASK(char, give_char, int, n)
{
    theft_begin(&theft);
    return (char)n;
}

FILCH_TASK(void *, give_pointer)
{
    theft_begin(&theft);
    return &theft;
}

FILCH_TASK(struct forty, give_forty, long, n)
{
    theft_begin(&theft);
    return (struct forty){{n, n + 1, n + 2, n + 3, n + 4}};
}

FILCH_TASK(struct hundred, give_hundred, char, first, char, last)
{
    struct hundred result = {{first}};
    theft_begin(&theft);
    result.bytes[99] = last;
    return result;
}

FILCH_TASK(struct page, give_page, long, n)
{
    struct page result;
    theft_begin(&theft);
    for (int i = 0; i < 512; i++)
        result.words[i] = n + i;
    return result;
}

FILCH_VOID_TASK(put, int *, to, int, n)
{
    theft_begin(&theft);
    *to = n;
}

static int get_results(filch_ctx *cx, void *frame)
{
    int placed = 0;
    (void)frame;
    for (int i = 0; i < 3; i++) {
        give_page_fork(&cx, i);
        put_fork(&cx, &placed, i + 1);
        give_hundred_fork(&cx, 3, 4);
        give_forty_fork(&cx, 5);
        give_pointer_fork(&cx);
        give_char_fork(&cx, 'x');
        for (int stolen = 0; stolen < 6; stolen++)
            theft_await(&theft);
        MUST(give_char_join(&cx) == 'x');
        MUST(give_pointer_join(&cx) == &theft);
        MUST(give_forty_join(&cx).words[4] == 9);
        struct hundred result = give_hundred_join(&cx);
        MUST(result.bytes[0] == 3 && result.bytes[99] == 4);
        put_join(&cx);
        MUST(placed == i + 1);
        struct page page = give_page_join(&cx);
        MUST(page.words[0] == i && page.words[511] == i + 511);
    }
    return 0;
}

Test(fork, results_of_any_size)
{
    run_both_ways(get_results);
}

/* Hofstadter's female and male sequences. */
FILCH_TASK_DECLARE(int, male, int, n);
FILCH_TASK(int, female, int, n)
{
    if (n == 0)
        return 1;
    female_fork(&cx, n - 1);
    int before = female_join(&cx);
    male_fork(&cx, before);
    return n - male_join(&cx);
}

FILCH_TASK_DEFINE(int, male, int, n)
{
    if (n == 0)
        return 0;
    male_fork(&cx, n - 1);
    int before = male_join(&cx);
    female_fork(&cx, before);
    return n - female_join(&cx);
}

FILCH_VOID_TASK_DECLARE(count_down, int, n, atomic_int *, ends);
FILCH_VOID_TASK(count_two, int, n, atomic_int *, ends)
{
    count_down_fork(&cx, n, ends);
    count_down_fork(&cx, n, ends);
    count_down_join(&cx);
    count_down_join(&cx);
}

FILCH_VOID_TASK_DEFINE(count_down, int, n, atomic_int *, ends)
{
    if (n == 0)
        atomic_fetch_add(ends, 1);
    else
        count_two(cx, n - 1, ends);
}

Test(fork, tasks_that_call_each_other)
{
    filch_executor *ex = open_pool(3);
    atomic_int ends = 0;
    int result = -1;
    cr_assert_eq(female_run(ex, &result, 10), 0);
    cr_assert_eq(result, 6);
    cr_assert_eq(male_run(ex, &result, 12), 0);
    cr_assert_eq(result, 7);
    cr_assert_eq(count_down_run(ex, 12, &ends), 0);
    cr_assert_eq(atomic_load(&ends), 1 << 12);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Untyped. */
static int pass_on(filch_ctx *cx, void *frame)
{
    (void)cx;
    theft_begin(&theft);
    return *(int *)frame;
}

static int take_codes(filch_ctx *cx, void *frame)
{
    static int codes[] = {0, 1, INT32_MAX, -EIO, FILCH_EBROKEN, INT32_MIN};
    enum { CODES = sizeof codes / sizeof *codes };
    (void)frame;
    for (int i = 0; i < CODES; i++) {
        filch_fork(&cx, pass_on, &codes[i]);
        theft_await(&theft);
    }
    for (int i = CODES; i-- > 0;)
        MUST(filch_join(&cx) == codes[i]);
    return 0;
}

Test(fork, untyped_codes)
{
    run_both_ways(take_codes);
    filch_executor *ex = open_pool(1);
    theft_init(&theft, false);
    cr_assert_eq(filch_run(ex, pass_on, &(int){5}), 5);
    cr_assert_eq(filch_run(ex, pass_on, &(int){-EIO}), -EIO);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* More than there is room for. */
enum { MANY = 300000 };

FILCH_TASK(int, square_root_of, long, n)
{
    int root = (int)(n % 1000);
    int nested = n % 5000 == 0 ? (int)fib(cx, 8) : 0;
    return root + nested;
}

static int fork_many(filch_ctx *cx, void *frame)
{
    static int ints[MANY];
    (void)frame;
    for (int i = 0; i < MANY; i++) {
        ints[i] = i;
        if (i % 3)
            square_root_of_fork(&cx, i);
        else
            filch_fork(&cx, pass_on, &ints[i]);
    }
    for (int i = MANY; i-- > 0;) {
        if (i % 3)
            MUST(square_root_of_join(&cx) ==
                 i % 1000 + (i % 5000 == 0 ? 21 : 0));
        else
            MUST(filch_join(&cx) == i);
    }
    return 0;
}

Test(fork, more_than_there_is_room_for)
{
    for (int workers = 1; workers <= 4; workers *= 2) {
        filch_executor *ex = open_pool(workers);
        theft_init(&theft, false);
        for (int i = 0; i < 3; i++)
            cr_assert_eq(filch_run(ex, fork_many, NULL), 0);
        cr_assert_eq(filch_executor_close(ex), 0);
    }
}
