/* SPDX-License-Identifier: MIT */
/*
 * In the steady state nothing is allocated: once a load has been run, the
 * same load runs while every request for memory, a thread or a descriptor
 * would be refused.
 */
#include "inject.h"

#include "support/gate.h"
#include "support/numbers.h"
#include "support/pool.h"

enum { TASKS = 1000, ROUNDS = 200, ENDLESS = -1 };

static int echo_long(filch_ctx *cx, void *arg, void *result)
{
    (void)cx;
    *(long *)result = *(const long *)arg;
    return 0;
}

/* Each task has its own copy of its argument, inline. */
static void submit_all(filch_executor *ex, filch_future **fs)
{
    static const struct filch_submit_options options = {
        .arg_bytes = sizeof(long), .name = "echo"};
    for (long i = 0; i < TASKS; i++)
        MUST(filch_submit_with(&fs[i], ex, echo_long, &i, &options) == 0);
}

static void take_results(filch_future **fs)
{
    for (long i = 0; i < TASKS; i++) {
        long value = -1;
        MUST(filch_future_result(fs[i], FILCH_FOREVER, &value, sizeof value) ==
             0);
        MUST(value == i);
        filch_future_release(fs[i]);
    }
}

static int fan_out(filch_ctx *cx, void *arg, void *result)
{
    static filch_future *fs[TASKS];
    (void)arg;
    (void)result;
    submit_all(filch_ctx_executor(cx), fs);
    take_results(fs);
    return 0;
}

static void run_load(filch_executor *ex)
{
    static filch_future *fs[TASKS];
    submit_all(ex, fs);
    take_results(fs);
    filch_future *f = filch_submit(ex, fan_out, NULL);
    MUST(filch_future_result(f, FILCH_FOREVER, NULL, 0) == 0);
    filch_future_release(f);
}

/* Over endless inputs. */
struct maps {
    struct numbers inputs[2];
    filch_map_stream *maps[2]; /* in order, as completed */
};

static void open_maps(struct maps *maps, filch_executor *ex)
{
    for (int i = 0; i < 2; i++) {
        maps->inputs[i] = (struct numbers){.count = ENDLESS};
        struct filch_map_options options = map_in(orders[i], &maps->inputs[i]);
        options.window = TASKS / 2;
        options.chunk = 3;
        maps->maps[i] = open_map(ex, cube_number, &options);
    }
}

/* As much at once as ever. */
static void fill_up(filch_executor *ex, struct maps *maps)
{
    static filch_future *fs[TASKS];
    struct gate gate;
    gate_init(&gate);
    filch_future *held = occupy(ex, &gate);
    open_maps(maps, ex);
    submit_all(ex, fs);
    gate_pass(&gate, 1);
    take_results(fs);
    MUST(filch_future_result(held, FILCH_FOREVER, NULL, 0) == 0);
    filch_future_release(held);
}

static void take_cubes(struct maps *maps)
{
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < TASKS; k++)
            (void)take_cube(maps->maps[i]);
}

static void close_maps(struct maps *maps)
{
    for (int i = 0; i < 2; i++)
        MUST(filch_map_close(maps->maps[i]) == 0);
}

int main(void)
{
    struct maps maps;
    /* One worker: with more, how much memory a worker needs at the most
     * depends on who steals from whom. */
    filch_executor *ex = open_with(
        (struct filch_config){.workers = 1, .spares = FILCH_NO_SPARES});
    fill_up(ex, &maps);
    run_load(ex);
    fault_arm(FAULT_ANY, 1, true);
    for (int i = 0; i < ROUNDS; i++) {
        run_load(ex);
        take_cubes(&maps);
    }
    MUST(!fault_disarm());
    close_maps(&maps);
    MUST(filch_executor_close(ex) == 0);
    return 0;
}
