/* SPDX-License-Identifier: MIT */
/* Workers: how many, when they start, what they are called. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"

#include <criterion/criterion.h>
#include <pthread.h>

TestSuite(behaviour, .timeout = 120);

enum { WORKERS = 4, TASKS = 15 * WORKERS };

struct crowd {
    struct gate gate;
    atomic_int inside;
    atomic_int most;
};

static int enter_crowd(filch_ctx *cx, void *arg, void *result)
{
    struct crowd *crowd = arg;
    (void)cx;
    (void)result;
    int inside = atomic_fetch_add(&crowd->inside, 1) + 1;
    int most = atomic_load(&crowd->most);
    while (inside > most)
        if (atomic_compare_exchange_weak(&crowd->most, &most, inside))
            break;
    stand_at(&crowd->gate);
    atomic_fetch_sub(&crowd->inside, 1);
    return 0;
}

Test(behaviour, b011_blocked_tasks_do_not_grow_the_pool)
{
    struct crowd crowd = {.inside = 0};
    filch_future *fs[TASKS];
    int before = count_threads();
    filch_executor *ex = open_pool(WORKERS);
    gate_init(&crowd.gate);
    for (int i = 0; i < TASKS; i++)
        fs[i] = filch_submit(ex, enter_crowd, &crowd);
    gate_await(&crowd.gate, WORKERS);
    cr_assert_eq(filch_executor_threads(ex), WORKERS);
    cr_assert_eq(count_threads() - before, WORKERS);
    cr_assert_eq(filch_executor_pending(ex), TASKS - WORKERS);
    gate_pass(&crowd.gate, TASKS);
    for (int i = 0; i < TASKS; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(atomic_load(&crowd.most), WORKERS);
    cr_assert_leq(filch_executor_threads(ex), WORKERS);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b012_an_idle_worker_is_used_again)
{
    filch_executor *ex = open_pool(WORKERS);
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
        cr_assert_eq(filch_executor_threads(ex), 1, "after %d", i);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b012_a_small_overlapping_sequence)
{
    filch_executor *ex = open_pool(WORKERS);
    filch_future *fs[2];
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    fs[0] = filch_submit(ex, nothing, NULL);
    cr_assert_eq(settle(filch_submit(ex, nothing, NULL)), 0);
    fs[1] = filch_submit(ex, nothing, NULL);
    cr_assert_leq(filch_executor_threads(ex), 3);
    cr_assert_eq(settle(fs[0]), 0);
    cr_assert_eq(settle(fs[1]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b014_three_executors_do_not_mix)
{
    enum { EACH = 100 };
    static int args[3][EACH];
    static filch_future *fs[3][EACH];
    filch_executor *ex[3];
    for (int e = 0; e < 3; e++)
        ex[e] = open_pool(2);
    for (int i = 0; i < EACH; i++)
        for (int e = 0; e < 3; e++) {
            args[e][i] = 1000 * e + i;
            fs[e][i] = filch_submit(ex[e], echo, &args[e][i]);
        }
    for (int e = 0; e < 3; e++)
        for (int i = 0; i < EACH; i++) {
            cr_assert_eq(int_result(fs[e][i]), 1000 * e + i);
            filch_future_release(fs[e][i]);
        }
    for (int e = 0; e < 3; e++)
        cr_assert_eq(filch_executor_close(ex[e]), 0);
}

static void *open_use_close(void *sum)
{
    for (int round = 0; round < 20; round++) {
        filch_executor *ex = open_pool(2);
        filch_future *fs[5];
        for (int i = 0; i < 5; i++)
            fs[i] = filch_submit(ex, bump, sum);
        for (int i = 0; i < 5; i++)
            MUST(settle(fs[i]) == 0);
        MUST(filch_executor_close(ex) == 0);
    }
    return NULL;
}

Test(behaviour, b016_five_threads_open_use_and_close)
{
    pthread_t threads[5];
    atomic_int sum = 0;
    for (int i = 0; i < 5; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, open_use_close, &sum), 0);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_assert_eq(atomic_load(&sum), 5 * 20 * 5);
}

Test(behaviour, b017_workers_start_on_demand)
{
    int before = count_threads();
    filch_executor *ex = open_pool(WORKERS);
    struct gate gate;
    gate_init(&gate);
    cr_assert_eq(filch_executor_threads(ex), 0);
    cr_assert_eq(count_threads(), before);
    filch_future *held[2];
    held[0] = occupy(ex, &gate);
    cr_assert_eq(filch_executor_threads(ex), 1);
    held[1] = occupy(ex, &gate);
    cr_assert_eq(filch_executor_threads(ex), 2);
    gate_pass(&gate, 2);
    cr_assert_eq(settle(held[0]), 0);
    cr_assert_eq(settle(held[1]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}

struct named {
    struct gate gate;
    _Atomic int next;
    char names[WORKERS][16];
};

static int tell_name(filch_ctx *cx, void *arg, void *result)
{
    struct named *named = arg;
    (void)cx;
    (void)result;
    int i = atomic_fetch_add(&named->next, 1);
    MUST(pthread_getname_np(pthread_self(), named->names[i], 16) == 0);
    stand_at(&named->gate);
    return 0;
}

/* The names of all workers of @p ex, which it then closes. */
static void collect_names(filch_executor *ex, struct named *named)
{
    filch_future *fs[WORKERS];
    memset(named, 0, sizeof *named);
    gate_init(&named->gate);
    for (int i = 0; i < WORKERS; i++)
        fs[i] = filch_submit(ex, tell_name, named);
    gate_await(&named->gate, WORKERS);
    gate_pass(&named->gate, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        cr_assert_eq(settle(fs[i]), 0);
}

static int has_name(const struct named *named, const char *name)
{
    int found = 0;
    for (int i = 0; i < WORKERS; i++)
        found += strcmp(named->names[i], name) == 0;
    return found;
}

Test(behaviour, b091_worker_names)
{
    static struct named named;
    filch_executor *ex =
        open_with((struct filch_config){.name = "smith", .workers = WORKERS});
    collect_names(ex, &named);
    cr_assert_eq(has_name(&named, "smith_0"), 1);
    cr_assert_eq(has_name(&named, "smith_1"), 1);
    cr_assert_eq(has_name(&named, "smith_2"), 1);
    cr_assert_eq(has_name(&named, "smith_3"), 1);
    cr_assert_eq(filch_executor_close(ex), 0);
}

/* Cut so that the number, which tells workers apart, stays. */
Test(behaviour, b091_a_long_name_is_cut)
{
    static struct named named;
    filch_executor *ex = open_with((struct filch_config){
        .name = "a_name_that_is_much_too_long", .workers = WORKERS});
    collect_names(ex, &named);
    for (int i = 0; i < WORKERS; i++) {
        cr_assert_eq(strncmp(named.names[i], "a_name_that_", 12), 0, "%s",
            named.names[i]);
        cr_assert_eq(has_name(&named, named.names[i]), 1);
    }
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(behaviour, b091_default_names_are_unique)
{
    static struct named first;
    static struct named second;
    filch_executor *ex[2] = {open_pool(WORKERS), open_pool(WORKERS)};
    collect_names(ex[0], &first);
    collect_names(ex[1], &second);
    for (int i = 0; i < WORKERS; i++) {
        cr_assert_neq(first.names[i][0], '\0');
        cr_assert_eq(has_name(&first, first.names[i]), 1);
        cr_assert_eq(has_name(&second, first.names[i]), 0);
    }
    cr_assert_eq(filch_executor_close(ex[0]), 0);
    cr_assert_eq(filch_executor_close(ex[1]), 0);
}

struct seat {
    struct gate *gate;
    atomic_int *taken;
    int worker;
};

static int take_seat(filch_ctx *cx, void *arg, void *result)
{
    struct seat *seat = arg;
    (void)result;
    seat->worker = filch_ctx_worker(cx);
    MUST(seat->worker >= 0 && seat->worker < WORKERS + 64);
    MUST(atomic_fetch_add(&seat->taken[seat->worker], 1) == 0);
    stand_at(seat->gate);
    atomic_fetch_sub(&seat->taken[seat->worker], 1);
    return 0;
}

Test(worker, no_two_running_tasks_have_the_same_number)
{
    static atomic_int taken[WORKERS + 64];
    struct seat seats[TASKS];
    filch_future *fs[TASKS];
    struct gate gate;
    filch_executor *ex = open_pool(WORKERS);
    gate_init(&gate);
    for (int i = 0; i < TASKS; i++) {
        seats[i] = (struct seat){.gate = &gate, .taken = taken};
        fs[i] = filch_submit(ex, take_seat, &seats[i]);
    }
    gate_pass(&gate, TASKS);
    for (int i = 0; i < TASKS; i++)
        cr_assert_eq(settle(fs[i]), 0);
    cr_assert_eq(filch_executor_close(ex), 0);
}
