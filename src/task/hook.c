/* SPDX-License-Identifier: MIT */
#include "task/hook.h"

#include <errno.h>
#include <stdlib.h>

#include "concurrent/lock.h"
#include "task/due.h"
#include "task/report.h"

/* One lock per group of futures: lists are touched once or twice in a
 * future's life, if at all. */
enum { LOCKS = 64 };
static struct {
    alignas(FL_CACHE_LINE) struct fl_lock lock;
} locks[LOCKS];

static struct fl_lock *lock_of(const filch_future *task)
{
    return &locks[((uintptr_t)task >> 6) % LOCKS].lock;
}

void fl_hook_forget_locks(void)
{
    for (int i = 0; i < LOCKS; i++)
        locks[i].lock = (struct fl_lock){FL_LOCK_FREE};
}

static bool has_key(const struct fl_hook *list, const void *key)
{
    for (; list; list = list->next)
        if (list->key == key)
            return true;
    return false;
}

static bool has_armed(const struct fl_hook *list)
{
    for (; list; list = list->next)
        if (list->is_armed)
            return true;
    return false;
}

/* Under the lock. The finisher has seen HOOKS, or we see it final, and if it
 * is final while hooks wait, the finisher is about to fire them: [HOOK]. */
static int link_hook(filch_future *task, struct fl_hook *hook)
{
    if (hook->key && has_key(task->hooks, hook->key))
        return -EALREADY;
    bool firing_is_due = has_armed(task->hooks);
    hook->next = task->hooks;
    task->hooks = hook;
    /* relaxed: the list is under the lock, and who wants the outcome acquires
     * the state; the order on the one word is what counts [HOOK] */
    uint32_t state = fetch_or_relaxed(&task->state, FL_HOOKS);
    hook->is_armed = !fl_is_final(state) || firing_is_due;
    return hook->is_armed ? FL_HOOK_ARMED : FL_HOOK_LATE;
}

int fl_hook_add(filch_future *task, struct fl_hook *hook)
{
    struct fl_lock *lock = lock_of(task);
    fl_lock_take(lock);
    int rc = link_hook(task, hook);
    fl_lock_drop(lock);
    return rc;
}

bool fl_hook_remove(filch_future *task, struct fl_hook *hook)
{
    struct fl_lock *lock = lock_of(task);
    bool was_armed = false;
    fl_lock_take(lock);
    for (struct fl_hook **at = &task->hooks; *at; at = &(*at)->next) {
        if (*at == hook) {
            *at = hook->next;
            was_armed = hook->is_armed;
            break;
        }
    }
    fl_lock_drop(lock);
    return was_armed;
}

static struct fl_hook *reverse(struct fl_hook *list)
{
    struct fl_hook *reversed = NULL;
    while (list) {
        struct fl_hook *next = list->next;
        list->next = reversed;
        reversed = list;
        list = next;
    }
    return reversed;
}

/* Under the lock. In the order of their adding; those that stay are kept. */
static void fire_list(filch_future *task)
{
    struct fl_hook *hook = reverse(task->hooks);
    struct fl_hook *kept = NULL;
    while (hook) {
        struct fl_hook *next = hook->next;
        bool stays = !hook->is_armed;
        if (hook->is_armed) {
            hook->is_armed = false;
            stays = hook->fire(hook, task);
        }
        if (stays) {
            hook->next = kept;
            kept = hook;
        }
        hook = next;
    }
    task->hooks = kept;
}

/* Callbacks. Each is allocated, and holds a reference to its future. */
struct callback {
    struct fl_hook hook;
    struct fl_due due;
    filch_future *task;
    filch_callback *fn;
    void *arg;
};

static bool fire_callback(struct fl_hook *hook, filch_future *task)
{
    (void)task;
    fl_due_add(&((struct callback *)(void *)hook)->due); /* first member */
    return false;
}

static void report_failed_callback(filch_future *task, int code)
{
    struct filch_failure failure = {.code = code,
        .message = "a callback failed",
        .task = fl_task_name(task),
        .where = fl_task_where(task)};
    fl_report(fl_report_home(task), &failure);
}

static void run_callback(struct fl_due *due)
{
    struct callback *callback =
        (void *)((char *)due - offsetof(struct callback, due));
    filch_future *task = callback->task;
    int rc = callback->fn(task, callback->arg);
    if (rc < 0)
        report_failed_callback(task, rc);
    free(callback);
    fl_task_release(task);
}

void fl_hook_fire_all(filch_future *task)
{
    struct fl_lock *lock = lock_of(task);
    fl_lock_take(lock);
    fire_list(task);
    fl_lock_drop(lock);
    fl_due_run();
}

int fl_hook_add_callback(filch_future *task, filch_callback *fn, void *arg)
{
    struct callback *callback = malloc(sizeof *callback);
    if (!callback)
        return -ENOMEM;
    *callback = (struct callback){.hook.fire = fire_callback,
        .due.run = run_callback,
        .task = task,
        .fn = fn,
        .arg = arg};
    fl_task_retain(task);
    if (fl_hook_add(task, &callback->hook) == FL_HOOK_LATE) {
        fl_hook_remove(task, &callback->hook);
        fl_due_add(&callback->due);
        fl_due_run();
    }
    return 0;
}
