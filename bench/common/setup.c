/* SPDX-License-Identifier: MIT */
#include "setup.h"

#include "program.h"

#include <stdio.h>

void register_setups(const char *name, bench_workload *run, struct setup common,
    int workers_max, double seconds)
{
    char full_name[64];

    for (int workers = 1; workers <= 2 && workers <= workers_max; workers++) {
        struct setup *setup = must_alloc(1, sizeof *setup);

        *setup = common;
        setup->workers = workers;
        snprintf(full_name, sizeof full_name, "%s/workers:%d", name, workers);
        bench_register_timed(full_name, run, setup, seconds);
    }
}
