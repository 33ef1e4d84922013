/* SPDX-License-Identifier: MIT */
#include "task/waiter.h"

#include <errno.h>

#include "concurrent/time.h"
#include "platform/futex.h"

enum { ASLEEP = 1, EVENT = 2 };

void fl_waiter_notify(struct fl_waiter *waiter)
{
    /* release: the waiter sees what happened [WAITER] */
    uint32_t old = fetch_add_release(&waiter->word, EVENT);
    if (old & ASLEEP)
        fl_futex_wake(&waiter->word, 1);
}

int fl_waiter_sleep(struct fl_waiter *waiter, uint32_t events, int64_t deadline)
{
    uint32_t word = fetch_or_relaxed(&waiter->word, ASLEEP);
    int rc = 0;
    while ((word & ~(uint32_t)ASLEEP) == events && !rc) {
        rc = fl_time_wait(&waiter->word, events | ASLEEP, deadline);
        /* acquire: pairs with the release in notify [WAITER] */
        word = load_acquire(&waiter->word);
    }
    return (word & ~(uint32_t)ASLEEP) == events ? rc : 0;
}

static bool fire_node(struct fl_hook *hook, filch_future *task)
{
    struct fl_wait_node *node = (struct fl_wait_node *)(void *)hook;
    (void)task;
    fl_waiter_notify(node->waiter);
    return false;
}

bool fl_waiter_watch(
    struct fl_waiter *waiter, struct fl_wait_node *node, filch_future *task)
{
    *node = (struct fl_wait_node){.hook.fire = fire_node, .waiter = waiter};
    if (fl_hook_add(task, &node->hook) == FL_HOOK_ARMED)
        return true;
    fl_hook_remove(task, &node->hook);
    return false;
}

void fl_waiter_unwatch(struct fl_wait_node *node, filch_future *task)
{
    fl_hook_remove(task, &node->hook);
}
