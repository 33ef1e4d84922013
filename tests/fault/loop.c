/* SPDX-License-Identifier: MIT */
/* Loops, sums and prefix sums, with faults: the result is right, or what is
 * missing is said; nothing is left behind. */
#include "scenario.h"

#include "support/company.h"

enum { COUNT = 3000 };

static int add(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    for (size_t i = begin; i < end; i++)
        *(size_t *)sum += i;
    return 0;
}

static int write(filch_ctx *cx, size_t begin, size_t end, void *sum, void *out)
{
    (void)cx;
    for (size_t i = begin; i < end; i++)
        ((size_t *)out)[i] = *(size_t *)sum += i;
    return 0;
}

static void add_sums(void *left, const void *right, void *arg)
{
    (void)arg;
    *(size_t *)left += *(const size_t *)right;
}

/* From the middle on. */
static int fail_late(filch_ctx *cx, size_t begin, size_t end, void *arg)
{
    (void)begin;
    (void)arg;
    return end > COUNT / 2 ? filch_failf(cx, -EIO, "late") : 0;
}

static int find_late(
    filch_ctx *cx, size_t begin, size_t end, size_t *found, void *arg)
{
    (void)cx;
    (void)arg;
    *found = COUNT / 2;
    return begin <= COUNT / 2 && COUNT / 2 < end;
}

static void sum_up(filch_executor *ex, int is_reproducible)
{
    static size_t out[COUNT];
    const struct filch_sum sum = {.fold = add,
        .combine = add_sums,
        .arg = out,
        .bytes = sizeof *out,
        .is_reproducible = is_reproducible};
    size_t result = 0;
    int rc = filch_reduce(ex, 0, COUNT, &sum, &result);
    MUST(rc == 0 ? result == COUNT * (COUNT - 1) / 2 : is_lack(rc));
    memset(out, 0, sizeof out);
    rc = filch_scan(ex, 0, COUNT, &sum, write, &result);
    MUST(rc == 0 ? result == COUNT * (COUNT - 1) / 2 : is_lack(rc));
    for (size_t i = 1; i < COUNT && rc == 0; i++)
        MUST(out[i] == i * (i + 1) / 2);
}

static void do_all(filch_executor *ex)
{
    size_t found = 0;
    sum_up(ex, 0);
    sum_up(ex, 1);
    int rc = filch_for(ex, 0, COUNT, fail_late, NULL);
    MUST(rc == -EIO || is_lack(rc));
    rc = filch_find_if(ex, 0, COUNT, find_late, NULL, &found);
    MUST(rc == 1 ? found == COUNT / 2 : is_lack(rc));
}

void loops_outside(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    arm();
    do_all(ex);
    fault_pause();
    check_and_close(ex);
}

static int do_all_here(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    do_all(filch_ctx_executor(cx));
    return 0;
}

void loops_inside(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    arm();
    int rc = settle(filch_submit(ex, do_all_here, NULL));
    MUST(rc == 0 || is_lack(rc));
    fault_pause();
    check_and_close(ex);
}

/* It says what is missing, and has called nothing. */
static int never(filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)begin;
    (void)end;
    (void)sum;
    (void)arg;
    MUST(false);
    return 0;
}

static int lack_memory(filch_ctx *cx, void *arg, void *result)
{
    filch_executor *ex = filch_ctx_executor(cx);
    struct filch_sum sum = {
        .fold = never, .combine = add_sums, .bytes = sizeof(size_t)};
    size_t value = 17;
    (void)arg;
    (void)result;
    for (int nth = 1; nth <= 2; nth++) { /* values, marks */
        fault_arm(FAULT_MEMORY, nth, false);
        MUST(filch_scan(ex, 0, COUNT, &sum, never, &value) == -ENOMEM);
        MUST(fault_disarm());
    }
    sum.is_reproducible = 1;
    fault_arm(FAULT_MEMORY, 1, false);
    MUST(filch_reduce(ex, 0, COUNT, &sum, &value) == -ENOMEM);
    MUST(fault_disarm());
    return 0;
}

void loops_without_memory(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    MUST(settle(filch_submit(ex, lack_memory, NULL)) == 0);
    arm(); /* the faults above are none of this run's */
    fault_pause();
    check_and_close(ex);
}

/* No room for the fork of a loop, and no memory for one without: the loop does
 * all by itself. */
struct big {
    size_t words[FILCH_VALUE_MAX / sizeof(size_t)];
};

static int add_last(
    filch_ctx *cx, size_t begin, size_t end, void *sum, void *arg)
{
    (void)cx;
    (void)arg;
    ((struct big *)sum)->words[99] += end - begin;
    return 0;
}

static void add_big(void *left, const void *right, void *arg)
{
    (void)arg;
    ((struct big *)left)->words[99] += ((const struct big *)right)->words[99];
}

static int seven(filch_ctx *cx, void *frame)
{
    (void)cx;
    (void)frame;
    return 7;
}

static int lack_room(filch_ctx *cx, void *arg, void *result)
{
    static struct big sum;
    const struct filch_sum how = {
        .fold = add_last, .combine = add_big, .bytes = sizeof sum};
    const struct fl_region *region = (void *)filch_fork_region_of(cx);
    int forks = 0;
    (void)arg;
    (void)result;
    company_await(cx);
    for (; region->end - (char *)cx > FILCH_VALUE_MAX; forks++)
        filch_fork(&cx, seven, NULL);
    UNTIL(fl_region_is_poked(region));
    fault_arm(FAULT_MEMORY, 1, true);
    MUST(filch_reduce(filch_ctx_executor(cx), 0, 60, &how, &sum) == 0);
    fault_pause();
    MUST(sum.words[99] == 60);
    while (forks-- > 0)
        MUST(filch_join(&cx) == 7);
    return 0;
}

void loops_without_room(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    MUST(settle(filch_submit(ex, lack_room, NULL)) == 0);
    arm(); /* as above */
    fault_pause();
    check_and_close(ex);
}
