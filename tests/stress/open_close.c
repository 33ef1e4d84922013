/* SPDX-License-Identifier: MIT */
/*
 * A storm of executors that are opened, used and ended in every way, from
 * several threads. Each accepted task has run or is cancelled, and no thread
 * is left.
 */
#include "../support/pool.h"
#include "../support/proc.h"
#include "../support/stress.h"

enum { MOST = 30 };

static void end(filch_executor *ex, uint64_t *random)
{
    unsigned flags = (unsigned)draw(random, 4);
    switch (draw(random, 4)) {
    case 0:
        MUST(filch_executor_release(ex) == 0);
        return;
    case 1:
        (void)filch_executor_shutdown(ex, flags, FILCH_POLL);
        MUST(filch_executor_release(ex) == 0);
        return;
    case 2:
        MUST(filch_executor_shutdown(ex, flags, FILCH_FOREVER) == 0);
        break;
    default:
        (void)filch_executor_shutdown(
            ex, flags, filch_after(FILCH_US(draw(random, 300))));
        break;
    }
    MUST(filch_executor_close(ex) == 0);
}

static void use_one(uint64_t *random)
{
    filch_future *fs[MOST];
    atomic_int ran = 0;
    int count = draw(random, MOST);
    int done = 0;
    filch_executor *ex = open_pool(1 + draw(random, 4));
    for (int i = 0; i < count; i++)
        fs[i] = filch_submit(ex, bump, &ran);
    end(ex, random);
    for (int i = 0; i < count; i++) {
        int rc = settle(fs[i]);
        MUST(rc == 0 || rc == -ECANCELED);
        done += rc == 0;
    }
    MUST(atomic_load(&ran) == done);
}

static void *storm(void *arg)
{
    struct stress_thread *self = arg;
    unsigned long rounds = *(unsigned long *)self->shared;
    for (unsigned long i = 0; i < rounds; i++)
        use_one(&self->random);
    return NULL;
}

int main(int argc, char **argv)
{
    struct stress s = stress_begin(argc, argv);
    unsigned long rounds = 500 * s.scale;
    stress_run(storm, s.seed, &rounds);
    int before = count_threads(); /* a sanitizer may have one of its own */
    stress_run(storm, s.seed + 1, &rounds);
    UNTIL(count_threads() <= before);
    return 0;
}
