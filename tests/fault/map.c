/* SPDX-License-Identifier: MIT */
/* Maps, of arrays and over inputs, with faults. */
#include "scenario.h"

#include "support/numbers.h"

enum { COUNT = 1000, ENDLESS = -1 };

static int add_one(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    *(int *)result = *(const int *)arg + 1;
    return 0;
}

void map(arm_fault *arm)
{
    static int in[COUNT];
    static int out[COUNT];
    size_t delivered = 0;
    filch_executor *ex = open_quiet();
    memset(out, 0, sizeof out);
    struct filch_map_spec spec = {.in = in,
        .in_stride = sizeof *in,
        .out = out,
        .out_stride = sizeof *out,
        .count = COUNT,
        .chunk = 3,
        .delivered = &delivered};
    arm();
    int rc = filch_map(ex, add_one, &spec);
    MUST(rc == 0 ? delivered == COUNT : is_lack(rc));
    for (size_t i = 0; i < delivered; i++)
        MUST(out[i] == 1);
    fault_pause();
    check_and_close(ex);
}

/* Every fifth item fails, with a message if there is memory for one. */
static int cube_or_fail(filch_ctx *cx, void *arg, void *result)
{
    int n = *(const int *)arg;
    return n % 5 == 3 ? filch_failf(cx, -ERANGE, "item %d of many", n)
                      : cube_number(cx, arg, result);
}

/* Takes 200 of an endless input, or as many as there is memory for. */
static int use_map(filch_executor *ex, enum filch_map_order order)
{
    struct numbers input = {.count = ENDLESS};
    struct filch_map_options options = map_in(order, &input);
    filch_map_stream *m;
    size_t index = 0;
    long value;
    options.deadline = filch_after(PATIENCE);
    int taken = 0, rc = filch_map_open(&m, ex, cube_or_fail, &options);
    MUST(rc == 0 ? m != NULL : is_lack(rc) && !m && !input.read);
    if (rc)
        return rc;
    for (; taken < 200; taken++) {
        rc = filch_map_next(m, &value, &index);
        if (index == FILCH_NO_ITEM)
            break;
        MUST(order == FILCH_AS_COMPLETED || index == (size_t)taken);
        if (rc == 1)
            MUST(value == cube_of((long)index));
        else if (rc == -ERANGE)
            MUST(index % 5 == 3);
        else
            MUST(is_lack(rc)); /* the executor is broken */
    }
    MUST(filch_map_close(m) == 0);
    return taken == 200 ? 0 : rc;
}

static void use_outside(arm_fault *arm, enum filch_map_order order)
{
    filch_executor *ex = open_quiet();
    arm();
    int rc = use_map(ex, order);
    MUST(rc == 0 || is_lack(rc));
    fault_pause();
    check_and_close(ex);
}

void map_in_order(arm_fault *arm)
{
    use_outside(arm, FILCH_ORDERED);
}

void map_as_completed(arm_fault *arm)
{
    use_outside(arm, FILCH_AS_COMPLETED);
}

static int use_inside(filch_ctx *cx, void *arg, void *result)
{
    (void)arg;
    (void)result;
    int rc = use_map(filch_ctx_executor(cx), FILCH_ORDERED);
    return rc ? rc : use_map(filch_ctx_executor(cx), FILCH_AS_COMPLETED);
}

void map_inside(arm_fault *arm)
{
    filch_executor *ex = open_quiet();
    arm();
    int rc = settle(filch_submit(ex, use_inside, NULL));
    MUST(rc == 0 || is_lack(rc));
    fault_pause();
    check_and_close(ex);
}
