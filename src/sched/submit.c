/* SPDX-License-Identifier: MIT */
/* How a task comes in: see README.md, "The submitter". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/process.h"
#include "sched/guest.h"
#include "sched/later.h"
#include "sched/room.h"
#include "sched/worker.h"

/* Those that a task is made with: the queue's, the caller's, one for us. */
static inline unsigned references_of(
    const struct fl_order *order, filch_future **future)
{
    return 1U + (future != NULL) + (order->also != NULL);
}

/* A pending task; NULL: no memory. *future, unless nobody wants it, is set
 * here already: the task may look at it as soon as it starts. */
static inline filch_future *make_task(
    struct fl_heap *heap, const struct fl_order *order, filch_future **future)
{
    filch_future *task = fl_heap_alloc(heap, order);
    if (!task)
        return NULL;
    fl_task_init(task, order, future ? 2 : 1);
    if (order->options && fl_task_take_options(task, order)) {
        (void)fl_task_unmake(task, references_of(order, future));
        return NULL;
    }
    if (future)
        *future = task;
    return task;
}

/* What became of a push. A task that has been cancelled meanwhile has been
 * accepted. */
static inline int settle_push(filch_future *task, unsigned references, int rc)
{
    return rc && fl_task_unmake(task, references) ? rc : 0;
}

/* In a worker of the pool: into its own deque, without a bound. */
static inline int put_own(struct fl_worker *worker,
    const struct fl_order *order, filch_future **future)
{
    int rc = fl_pool_refusal(worker->pool);
    if (rc)
        return rc;
    filch_future *task = make_task(worker->heap, order, future);
    if (!task)
        return -ENOMEM;
    rc = fl_deque_push(&worker->deque, task);
    return settle_push(task, references_of(order, future), rc);
}

static unsigned door_of_thread(struct fl_pool *pool)
{
    static _Atomic unsigned threads;
    static _Thread_local unsigned number
        __attribute__((tls_model("initial-exec")));
    if (!number)
        number = fetch_add_relaxed(&threads, 1) + 1;
    unsigned index = (number - 1) & (pool->door_count - 1);
    uint32_t used = load_relaxed(&pool->doors_used);
    while (used <= index) /* seq_cst order by the fence before notify */
        if (cas_weak_relaxed(&pool->doors_used, &used, index + 1))
            break;
    return index;
}

static inline bool has_room(struct fl_pool *pool, struct fl_door *door)
{
    if (fl_room_is_there(pool, door))
        return true;
    /* A submit in a task never blocks. */
    return pool->setup.config.when_full == FILCH_BLOCK && fl_strand_current;
}

/* Under the door's lock. -EAGAIN: no room. */
static inline int put_in_door(struct fl_pool *pool, struct fl_door *door,
    const struct fl_order *order, filch_future **future)
{
    int rc = fl_pool_refusal(pool);
    if (rc)
        return rc;
    if (!has_room(pool, door))
        return -EAGAIN;
    filch_future *task = make_task(door->heap, order, future);
    if (!task)
        return -ENOMEM;
    rc = fl_inbox_push(&door->inbox, task);
    return settle_push(task, references_of(order, future), rc);
}

static void notify_after(struct fl_pool *pool)
{
    fence_seq_cst(); /* who parks sees the task, or we see who parks [PARK] */
    fl_pool_notify(pool);
}

/* Makes a task for this thread to run. */
static int make_here(struct fl_pool *pool, struct fl_door *door,
    const struct fl_order *order, filch_future **future, filch_future **made)
{
    fl_lock_take(&door->inbox.lock);
    int rc = fl_pool_refusal(pool);
    if (!rc) {
        *made = make_task(door->heap, order, future);
        rc = *made ? 0 : -ENOMEM;
    }
    fl_lock_drop(&door->inbox.lock);
    return rc;
}

/* Runs the task in this thread. */
static int run_here(struct fl_pool *pool, struct fl_door *door,
    const struct fl_order *order, filch_future **future)
{
    struct fl_strand guest;
    filch_future *task;
    if (!fl_guest_begin(&guest))
        return -ENOMEM;
    int rc = make_here(pool, door, order, future, &task);
    if (!rc) {
        fl_guest_run(&guest, pool, task);
        fl_task_release(task); /* the one of the queue that it is not in */
    }
    fl_guest_end(&guest);
    return rc;
}

static void drop_oldest(struct fl_pool *pool)
{
    bool emptied;
    for (unsigned i = 0; i < pool->door_count; i++) {
        void *task;
        if (fl_inbox_take(&pool->doors[i].inbox, &task, 1, &emptied)) {
            fl_pool_discard(pool, task, FILCH_EDROPPED);
            return;
        }
    }
}

/* Makes room by the policy. 0: try again; -EAGAIN: there is none. */
static int make_room(struct fl_pool *pool)
{
    switch (pool->setup.config.when_full) {
    case FILCH_BLOCK:
        fl_room_wait(pool);
        return 0;
    case FILCH_DROP_OLDEST:
        drop_oldest(pool);
        return 0;
    default:
        return -EAGAIN;
    }
}

static int put_and_notify(struct fl_pool *pool, struct fl_door *door,
    const struct fl_order *order, filch_future **future)
{
    fl_lock_take(&door->inbox.lock);
    int rc = put_in_door(pool, door, order, future);
    fl_lock_drop(&door->inbox.lock);
    if (!rc)
        notify_after(pool);
    return rc;
}

/* Into the queue, or wherever the policy says when that is full. After a task
 * has run here the pool may be gone: it is not touched any more. */
static int put_when_full(struct fl_pool *pool, struct fl_door *door,
    const struct fl_order *order, filch_future **future)
{
    int rc = -EAGAIN;
    if (pool->setup.config.when_full == FILCH_RUN_HERE)
        return run_here(pool, door, order, future);
    while (rc == -EAGAIN) {
        rc = make_room(pool);
        if (rc)
            return rc;
        rc = put_and_notify(pool, door, order, future);
    }
    return rc;
}

__attribute__((noinline)) static int submit_outside(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    struct fl_door *door = &pool->doors[door_of_thread(pool)];
    int rc = put_and_notify(pool, door, order, future);
    return rc == -EAGAIN ? put_when_full(pool, door, order, future) : rc;
}

/* For a time that is to come: no bound, since it is not queued. */
static int submit_later(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    struct fl_door *door = &pool->doors[door_of_thread(pool)];
    filch_future *task;
    if (pool->home->generation != fl_process_generation())
        return FILCH_EFORKED;
    int rc = make_here(pool, door, order, future, &task);
    if (rc)
        return rc;
    rc = fl_plan_wait_for_time(task);
    return settle_push(task, references_of(order, future), rc);
}

static inline int submit_now(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    /* In a child of fork() no thread is a worker. */
    struct fl_worker *worker = fl_worker_here();
    if (worker && worker->pool == pool) {
        int rc = put_own(worker, order, future);
        if (!rc)
            notify_after(pool);
        return rc;
    }
    return submit_outside(pool, order, future);
}

/* The task may be over, and its future released, as soon as it is queued; so
 * there is a reference for us. */
static int submit_to_start_by(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    filch_future *task;
    struct fl_order own = *order;
    own.also = future;
    int rc = fl_order_is_for_later(order) ? submit_later(pool, &own, &task)
                                          : submit_now(pool, &own, &task);
    if (rc)
        return rc;
    fl_plan_watch_start(task);
    fl_task_release(task);
    return 0;
}

static inline bool has_times(const struct fl_order *order)
{
    const struct filch_submit_options *options = order->options;
    return options && (options->start_by || options->not_before);
}

__attribute__((noinline)) static int submit_with_times(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    if (order->options->start_by)
        return submit_to_start_by(pool, order, future);
    return fl_order_is_for_later(order) ? submit_later(pool, order, future)
                                        : submit_now(pool, order, future);
}

int fl_pool_submit(
    struct fl_pool *pool, const struct fl_order *order, filch_future **future)
{
    return has_times(order) ? submit_with_times(pool, order, future)
                            : submit_now(pool, order, future);
}

/* Many tasks that differ in the argument. */
struct batch {
    struct fl_order next; /* its arg moves on by `stride` */
    size_t stride;
    size_t count;
    size_t done;
    filch_future **futures; /* NULL: nobody wants them */
};

static filch_future **next_future(const struct batch *batch)
{
    return batch->futures ? &batch->futures[batch->done] : NULL;
}

static void advance(struct batch *batch)
{
    batch->done++;
    batch->next.arg = (void *)((uintptr_t)batch->next.arg + batch->stride);
}

static int put_all_own(struct batch *batch, struct fl_worker *worker)
{
    int rc = 0;
    while (batch->done < batch->count &&
           !(rc = put_own(worker, &batch->next, next_future(batch))))
        advance(batch);
    notify_after(worker->pool);
    return rc;
}

/* As many as there is room for: -EAGAIN if that is not all. */
static int put_some(
    struct batch *batch, struct fl_pool *pool, struct fl_door *door)
{
    int rc = 0;
    fl_lock_take(&door->inbox.lock);
    while (batch->done < batch->count &&
           !(rc = put_in_door(pool, door, &batch->next, next_future(batch))))
        advance(batch);
    fl_lock_drop(&door->inbox.lock);
    notify_after(pool);
    return rc;
}

static int put_all_outside(struct batch *batch, struct fl_pool *pool)
{
    struct fl_door *door = &pool->doors[door_of_thread(pool)];
    int rc = put_some(batch, pool, door);
    while (rc == -EAGAIN) {
        rc = put_when_full(pool, door, &batch->next, next_future(batch));
        if (rc)
            return rc;
        advance(batch);
        if (batch->done < batch->count)
            rc = put_some(batch, pool, door);
    }
    return rc;
}

static int put_each(struct batch *batch, struct fl_pool *pool)
{
    int rc = 0;
    while (batch->done < batch->count &&
           !(rc = submit_with_times(pool, &batch->next, next_future(batch))))
        advance(batch);
    return rc;
}

size_t fl_pool_submit_many(struct fl_pool *pool, const struct fl_order *order,
    size_t stride, size_t count, filch_future **futures, int *error)
{
    struct batch batch = {
        .next = *order, .stride = stride, .count = count, .futures = futures};
    struct fl_worker *worker = fl_worker_here();
    if (has_times(order))
        *error = put_each(&batch, pool);
    else if (worker && worker->pool == pool)
        *error = put_all_own(&batch, worker);
    else if (pool->home->generation != fl_process_generation())
        *error = FILCH_EFORKED;
    else
        *error = put_all_outside(&batch, pool);
    return batch.done;
}

size_t fl_pool_pending(struct fl_pool *pool)
{
    size_t pending =
        fl_room_pending(pool) + fl_timers_count(&pool->home->timers);
    /* acquire: with the slots [POOL-slots] */
    unsigned slots = load_acquire(&pool->slots_used);
    for (unsigned i = 0; i < slots; i++) {
        /* acquire: with the slot [POOL-slots] */
        struct fl_worker *worker = load_acquire(&pool->slots[i]);
        pending += (size_t)fl_deque_size(&worker->deque);
    }
    return pending;
}
