/* SPDX-License-Identifier: MIT */
/*
 * What a pool costs when there is little to do. The submitting thread's own
 * share is left out of `idle`, not of `paced`.
 *
 * idle    nothing is submitted any more: CPU and context switches (wake-ups)
 *         of all other threads, per second.
 * paced   1,000 empty tasks per second, one at a time on an absolute clock;
 *         each is waited for when the next one is due. CPU and context
 *         switches of the process, per task.
 */
#include "workload.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

struct usage {
    double cpu_us;
    double switches;
};

struct watch {
    struct bench_state *st;
    const struct scale *scale;
    int is_wrong;
};

/* Of the whole process, threads that have ended included. */
static struct usage usage_of_all(void)
{
    struct timespec cpu;
    struct rusage r;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    getrusage(RUSAGE_SELF, &r);
    return (struct usage){(double)cpu.tv_sec * 1e6 + (double)cpu.tv_nsec / 1e3,
        (double)(r.ru_nvcsw + r.ru_nivcsw)};
}

/* Adds what the kernel has counted for a thread: time on a CPU, and how often
 * it was put there. */
static void add_thread(pid_t tid, void *total)
{
    struct usage *usage = total;
    char path[64];
    double run_ns = 0, times = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", (int)tid);
    file = fopen(path, "r");
    if (!file)
        return;
    if (fscanf(file, "%lf %*f %lf", &run_ns, &times) == 2) {
        usage->cpu_us += run_ns / 1e3;
        usage->switches += times;
    }
    fclose(file);
}

/* Of the threads there are now, but for this one. */
static struct usage usage_of_others(void)
{
    struct usage usage = {0};

    for_each_other_thread(add_thread, &usage);
    return usage;
}

static struct usage minus(struct usage a, struct usage b)
{
    return (struct usage){a.cpu_us - b.cpu_us, a.switches - b.switches};
}

/* The pool has worked, and has had the time to come to rest. */
static void use_and_settle(void *submitter, struct watch *watch)
{
    struct tickets tickets = tickets_new(1000);

    submit_echoes(submitter, tickets, 1000, 1);
    if (!collect_echoes(submitter, tickets, 1000, 1))
        watch->is_wrong = 1;
    tickets_free(tickets);
    sleep_until(now_ns() + 200000000);
}

static void report(struct watch *watch, struct usage used, double per,
    const char *cpu_name, const char *switches_name)
{
    bench_set_counter(watch->st, cpu_name, used.cpu_us / per);
    bench_set_counter(watch->st, switches_name, used.switches / per);
    if (watch->is_wrong)
        bench_fail(watch->st, "wrong results");
}

static void idle_body(void *submitter, void *arg)
{
    struct watch *watch = arg;
    struct usage before, used = {0};
    double seconds = watch->scale->idle_s;

    use_and_settle(submitter, watch);
    while (bench_next(watch->st)) {
        before = usage_of_others();
        sleep_until(now_ns() + (int64_t)(seconds * 1e9));
        used = minus(usage_of_others(), before);
    }
    report(watch, used, seconds, "cpu_us_per_s", "switches_per_s");
}

static void echo_one(void *submitter, void *ticket, size_t i)
{
    pool_ops.submit(submitter, ticket, echo, (void *)i);
}

static void pace(void *submitter, struct watch *watch, size_t count)
{
    struct tickets ticket = tickets_new(1);
    int64_t start = now_ns();

    echo_one(submitter, ticket_at(ticket, 0), 0);
    for (size_t i = 1; i <= count; i++) {
        sleep_until(start + (int64_t)i * 1000000);
        if (pool_ops.wait(submitter, ticket_at(ticket, 0)) != (void *)(i - 1))
            watch->is_wrong = 1;
        echo_one(submitter, ticket_at(ticket, 0), i);
    }
    pool_ops.wait(submitter, ticket_at(ticket, 0));
    tickets_free(ticket);
}

static void paced_body(void *submitter, void *arg)
{
    struct watch *watch = arg;
    struct usage before, used = {0};
    size_t count = (size_t)(watch->scale->paced_s * 1000);

    use_and_settle(submitter, watch);
    while (bench_next(watch->st)) {
        before = usage_of_all();
        pace(submitter, watch, count);
        used = minus(usage_of_all(), before);
    }
    report(watch, used, (double)count, "cpu_us_per_task", "switches_per_task");
}

static void run(struct bench_state *st, void *data)
{
    const struct setup *setup = data;
    struct watch watch = {.st = st, .scale = setup->scale};

    with_pool(
        st, setup->workers, setup->variant ? paced_body : idle_body, &watch);
}

void register_idle(const struct scale *scale)
{
    struct setup setup = {.scale = scale, .workers = 2};

    if (pool_ops.abilities & POOL_ONE_AT_A_TIME)
        return;
    add_workload("idle", run, setup);
    setup.variant = 1;
    add_workload("paced", run, setup);
}
