/* SPDX-License-Identifier: MIT */
/*
 * A scenario prepares something, arms the fault, calls what is to be tested,
 * and checks what came of it; it leaves nothing behind. main.c runs each with
 * every fault in turn.
 */
#ifndef TESTS_FAULT_SCENARIO_H
#define TESTS_FAULT_SCENARIO_H

#include "support/feature.h"

#include "inject.h"
#include "support/gate.h"
#include "support/pool.h"
#include "support/record.h"

/** Arms the fault of this run. */
typedef void arm_fault(void);
typedef void scenario(arm_fault *arm);

scenario open_close;
scenario submit;
scenario submit_copies;
scenario submit_many;
scenario submit_inside;
scenario fail_with_message;
scenario start_hook;
scenario close_down;
scenario wait_outside;
scenario wait_inside;
scenario callback;
scenario completion_queue;
scenario map;
scenario blocking;
scenario sort;
scenario each_worker;
scenario local;
scenario tokens;
scenario times;
scenario once;
scenario help;
scenario run_here;
scenario with_block;
scenario loops_outside;
scenario loops_inside;
scenario loops_without_memory;
scenario loops_without_room;

/** The executor of a scenario: two workers, reports go to a record. */
filch_executor *open_quiet(void);

/** What a refusal for lack of something may be called. */
static inline bool is_lack(int rc)
{
    return rc == -ENOMEM || rc == -EAGAIN || rc == FILCH_EBROKEN;
}

/** After the fault: the executor works, or is broken and says why. */
void check_and_close(filch_executor *ex);

#endif
