/* SPDX-License-Identifier: MIT */
#include "sched/start_hook.h"

int fl_start_hook_call(
    struct fl_pool *pool, struct fl_strand *strand, struct fl_run run)
{
    const struct filch_config *config = &pool->setup.config;
    if (!config->on_start)
        return 0;
    fl_strand_begin(strand, &run);
    int rc = config->on_start(run.position, config->data);
    fl_strand_end(strand, &run);
    if (rc < 0)
        fl_pool_break(pool, rc, run.message);
    else
        free(run.message);
    return rc < 0 ? rc : 0;
}

void fl_stop_hook_call(
    struct fl_pool *pool, struct fl_strand *strand, struct fl_run run)
{
    const struct filch_config *config = &pool->setup.config;
    if (!config->on_stop)
        return;
    fl_strand_begin(strand, &run);
    config->on_stop(run.position, config->data);
    fl_strand_end(strand, &run);
    free(run.message);
}
