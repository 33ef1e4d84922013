/* SPDX-License-Identifier: MIT */
/*
 * `fault SCENARIO`: runs it without a fault, then with the first, the second,
 * ... request refused, once and for good, for each kind of request alone and
 * for all kinds, until it asks for no more.
 */
#include "scenario.h"

#include "support/proc.h"

static const struct {
    const char *name;
    scenario *run;
} scenarios[] = {
    {"open", open_close},
    {"submit", submit},
    {"submit_copies", submit_copies},
    {"submit_many", submit_many},
    {"submit_inside", submit_inside},
    {"fail_with_message", fail_with_message},
    {"start_hook", start_hook},
    {"close", close_down},
    {"wait", wait_outside},
    {"wait_inside", wait_inside},
    {"callback", callback},
    {"completion_queue", completion_queue},
    {"map", map},
    {"blocking", blocking},
    {"sort", sort},
    {"each_worker", each_worker},
    {"local", local},
    {"tokens", tokens},
    {"times", times},
    {"once", once},
    {"help", help},
    {"run_here", run_here},
    {"with_block", with_block},
    {"loops", loops_outside},
    {"loops_inside", loops_inside},
    {"loops_without_memory", loops_without_memory},
    {"loops_without_room", loops_without_room},
};

static struct {
    unsigned kinds;
    int nth;
    bool for_good;
} plan;

static struct record reports = RECORD_INIT;

static void arm(void)
{
    if (plan.nth > 0)
        fault_arm(plan.kinds, plan.nth, plan.for_good);
}

filch_executor *open_quiet(void)
{
    return open_with((struct filch_config){
        .workers = 2, .on_unobserved = record, .data = &reports});
}

void check_and_close(filch_executor *ex)
{
    struct filch_failure why = {.message = ""};
    filch_future *f = filch_submit(ex, nothing, NULL);
    int rc = filch_future_failure(f, FILCH_FOREVER, &why);
    MUST(rc == 0 || rc == FILCH_EBROKEN);
    MUST(rc == 0 || why.message[0] != '\0');
    filch_future_release(f);
    MUST(filch_executor_close(ex) == 0);
}

static bool is_even(struct fault_balance before)
{
    struct fault_balance now = fault_balance();
    return now.blocks == before.blocks &&
           now.mapped_bytes == before.mapped_bytes &&
           now.descriptors == before.descriptors;
}

/* Whether the fault struck. */
static bool run_once(scenario *run, struct fault_balance before, int threads)
{
    run(arm);
    bool struck = fault_disarm();
    struct fault_balance now = fault_balance();
    if (!is_even(before))
        fprintf(stderr,
            "kinds %u, request %d%s: %ld blocks, %ld bytes mapped, "
            "%ld descriptors are left\n",
            plan.kinds, plan.nth, plan.for_good ? " on" : "",
            now.blocks - before.blocks, now.mapped_bytes - before.mapped_bytes,
            now.descriptors - before.descriptors);
    MUST(is_even(before));
    UNTIL(count_threads() == threads);
    return struck;
}

static int run_all(scenario *run, unsigned kinds, bool for_good)
{
    plan.nth = 0;
    struct fault_balance before = fault_balance();
    run_once(run, before, count_threads());
    plan.kinds = kinds;
    plan.for_good = for_good;
    /* A request may come or not, from run to run: end only when none came
     * twice in a row. */
    int quiet = 0;
    for (plan.nth = 1; quiet < 2; plan.nth++)
        quiet = run_once(run, before, count_threads()) ? 0 : quiet + 1;
    return plan.nth - 3;
}

static void run_named(const char *name, scenario *run)
{
    static const unsigned kinds[] = {
        FAULT_ANY, FAULT_MEMORY, FAULT_MAPPING, FAULT_THREAD, FAULT_DESCRIPTOR};
    run(arm); /* what the process keeps for good comes now */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int once = run_all(run, kinds[i], false);
        int good = run_all(run, kinds[i], true);
        printf("%s: kinds %2u: %d faults alone, %d for good\n", name, kinds[i],
            once, good);
    }
}

int main(int argc, char **argv)
{
    alarm(200);
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (argc == 2 && strcmp(argv[1], scenarios[i].name) == 0) {
            run_named(scenarios[i].name, scenarios[i].run);
            return 0;
        }
    fprintf(stderr, "usage: fault SCENARIO\n");
    return 2;
}
