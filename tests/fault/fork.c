/* SPDX-License-Identifier: MIT */
/*
 * No room for forks: the stack of forks cannot be mapped, or one request for
 * memory is refused. Then forks run in place, and the result is right.
 */
#include "inject.h"

#include "support/feature.h"

#include "support/fib.h"
#include "support/pool.h"

#include <stdbool.h>

static bool is_lack(int rc)
{
    return rc == -ENOMEM || rc == -EAGAIN || rc == FILCH_EBROKEN;
}

/* Several in a row: a worker tries to get its stack at each first fork. */
static void compute(filch_executor *ex)
{
    for (int i = 0; i < 3; i++) {
        long value = -1;
        int rc = fib_run(ex, &value, 12);
        MUST(rc == 0 ? value == 144 : is_lack(rc));
    }
}

static bool run_with(unsigned kind, int nth, bool for_good)
{
    filch_executor *ex = open_pool(2);
    (void)settle(filch_submit(ex, nothing, NULL)); /* its first memory */
    fault_arm(kind, nth, for_good);
    compute(ex);
    bool struck = fault_disarm();
    compute(ex);
    MUST(filch_executor_close(ex) == 0);
    return struck;
}

int main(void)
{
    (void)run_with(FAULT_MAPPING, 1, false); /* what the process keeps */
    struct fault_balance before = fault_balance();
    MUST(run_with(FAULT_MAPPING, 1, true));
    for (int nth = 1; run_with(FAULT_MAPPING, nth, false) && nth < 20; nth++)
        (void)run_with(FAULT_MAPPING, nth, true);
    for (int nth = 1; run_with(FAULT_MEMORY, nth, false) && nth < 100;)
        nth++;
    struct fault_balance after = fault_balance();
    MUST(before.blocks == after.blocks);
    MUST(before.mapped_bytes == after.mapped_bytes);
    return 0;
}
