/* SPDX-License-Identifier: MIT */
/*
 * A completion queue. Each future that was added has an entry, which waits in
 * `members` until the future is final, and then in `ready` until it is taken.
 * Everything is under one lock, which is taken inside the hook lock and takes
 * no other.
 */
#include <filch/completion_queue.h>

#include <errno.h>
#include <stdlib.h>

#include "concurrent/lock.h"
#include "concurrent/time.h"
#include "platform/event.h"
#include "platform/process.h"
#include "sched/await.h"

struct entry {
    struct fl_hook hook;
    struct filch_completion_queue *cq; /* immutable */
    filch_future *task;                /* immutable; a reference */
    void *tag;                         /* immutable */
    struct entry *next, *previous;     /* in `members` or `ready` */
};

/* A ring with a head that is no entry. */
struct list {
    struct entry head;
};

/* A thread that sleeps in next(). */
struct sleeper {
    struct fl_waiter waiter;
    bool is_in_task; /* and has a list of what it waits for */
    struct sleeper *next;
};

struct filch_completion_queue {
    struct fl_lock lock;
    struct list members;
    struct list ready;
    struct sleeper *sleepers;
    uint64_t added;       /* so far */
    _Atomic size_t count; /* lock holder writes, any thread reads */
    uint32_t generation;  /* immutable: fl_process_generation() */
    int fd;               /* -1: none yet */
    bool is_signalled;    /* the descriptor is readable */
};

static void list_init(struct list *list)
{
    list->head.next = list->head.previous = &list->head;
}

static struct entry *first_of(struct list *list)
{
    return list->head.next == &list->head ? NULL : list->head.next;
}

static void append(struct list *list, struct entry *entry)
{
    entry->next = &list->head;
    entry->previous = list->head.previous;
    entry->previous->next = entry;
    list->head.previous = entry;
}

static void unlink_entry(struct entry *entry)
{
    entry->previous->next = entry->next;
    entry->next->previous = entry->previous;
}

/* Under the lock. */
static void wake_one(struct filch_completion_queue *cq)
{
    if (!cq->sleepers)
        return;
    fl_waiter_notify(&cq->sleepers->waiter);
    cq->sleepers = cq->sleepers->next;
}

/* Under the lock. */
static void make_ready(struct entry *entry)
{
    struct filch_completion_queue *cq = entry->cq;
    unlink_entry(entry);
    append(&cq->ready, entry);
    if (cq->fd >= 0 && !cq->is_signalled) {
        cq->is_signalled = true;
        fl_event_set(cq->fd);
    }
    wake_one(cq);
}

static bool fire_entry(struct fl_hook *hook, filch_future *task)
{
    struct entry *entry = (struct entry *)(void *)hook; /* the first member */
    (void)task;
    fl_lock_take(&entry->cq->lock);
    make_ready(entry);
    fl_lock_drop(&entry->cq->lock);
    return true; /* for -EALREADY, until it is taken out */
}

int filch_completion_queue_open(filch_completion_queue **cq)
{
    if (!cq)
        return -EINVAL;
    struct filch_completion_queue *made = calloc(1, sizeof *made);
    *cq = made;
    if (!made)
        return -ENOMEM;
    list_init(&made->members);
    list_init(&made->ready);
    made->fd = -1;
    made->generation = fl_process_generation();
    return 0;
}

static void free_entry(struct entry *entry)
{
    filch_future_release(entry->task);
    free(entry);
}

static bool came_through_fork(const struct filch_completion_queue *cq)
{
    return cq->generation != fl_process_generation();
}

static void forget_all(struct list *list)
{
    struct entry *entry;
    while ((entry = first_of(list))) {
        unlink_entry(entry);
        free_entry(entry);
    }
}

/* From now on no entry is fired: those that wait are taken off their
 * futures. Not under our lock, since the hook lock comes first; an entry may
 * change to the other list meanwhile. */
static void unhook_members(struct filch_completion_queue *cq)
{
    struct entry *entry;
    fl_lock_take(&cq->lock);
    while ((entry = first_of(&cq->members))) {
        fl_lock_drop(&cq->lock);
        fl_hook_remove(entry->task, &entry->hook);
        fl_lock_take(&cq->lock);
        unlink_entry(entry);
        free_entry(entry);
    }
    fl_lock_drop(&cq->lock);
}

void filch_completion_queue_close(filch_completion_queue *cq)
{
    if (!cq)
        return;
    if (!came_through_fork(cq)) { /* else the locks may be held for ever */
        unhook_members(cq);
        for (struct entry *e = cq->ready.head.next; e != &cq->ready.head;
             e = e->next)
            fl_hook_remove(e->task, &e->hook);
    }
    forget_all(&cq->members);
    forget_all(&cq->ready);
    if (cq->fd >= 0)
        fl_event_close(cq->fd);
    free(cq);
}

/* Under the lock. */
static void wake_sleepers(struct filch_completion_queue *cq)
{
    for (struct sleeper *s = cq->sleepers; s; s = s->next)
        fl_waiter_notify(&s->waiter);
    cq->sleepers = NULL;
}

/* Under the lock. */
static void count_down(struct filch_completion_queue *cq)
{
    store_relaxed(&cq->count, load_relaxed(&cq->count) - 1);
    if (!load_relaxed(&cq->count)) /* nothing will come for the others */
        wake_sleepers(cq);
}

/* Under the lock. For a task that waits: one more way out of a circle
 * [QUEUE]. */
static void tell_tasks(struct filch_completion_queue *cq)
{
    for (struct sleeper *s = cq->sleepers; s; s = s->next)
        if (s->is_in_task)
            fl_waiter_notify(&s->waiter);
}

static void enter(struct entry *entry)
{
    struct filch_completion_queue *cq = entry->cq;
    fl_lock_take(&cq->lock);
    append(&cq->members, entry);
    store_relaxed(&cq->count, load_relaxed(&cq->count) + 1);
    cq->added++;
    tell_tasks(cq);
    fl_lock_drop(&cq->lock);
}

static void retract(struct entry *entry)
{
    struct filch_completion_queue *cq = entry->cq;
    fl_lock_take(&cq->lock);
    unlink_entry(entry);
    count_down(cq);
    fl_lock_drop(&cq->lock);
    free_entry(entry);
}

int filch_completion_queue_add(
    filch_completion_queue *cq, filch_future *f, void *tag)
{
    if (!cq || !f)
        return -EINVAL;
    if (came_through_fork(cq) || fl_await_came_through_fork(f))
        return FILCH_EFORKED;
    struct entry *entry = malloc(sizeof *entry);
    if (!entry)
        return -ENOMEM;
    *entry = (struct entry){.hook = {.fire = fire_entry, .key = cq},
        .cq = cq,
        .task = filch_future_retain(f),
        .tag = tag};
    enter(entry);
    int rc = fl_hook_add(f, &entry->hook);
    if (rc == -EALREADY)
        retract(entry);
    else if (rc == FL_HOOK_LATE)
        (void)fire_entry(&entry->hook, f);
    return rc == -EALREADY ? rc : 0;
}

size_t filch_completion_queue_pending(const filch_completion_queue *cq)
{
    return cq ? load_relaxed(&cq->count) : 0;
}

int filch_completion_queue_fd(filch_completion_queue *cq)
{
    if (!cq)
        return -EINVAL;
    fl_lock_take(&cq->lock);
    if (cq->fd < 0) {
        int fd = fl_event_open();
        if (fd < 0) {
            fl_lock_drop(&cq->lock);
            return fd;
        }
        cq->fd = fd;
        cq->is_signalled = first_of(&cq->ready);
        if (cq->is_signalled)
            fl_event_set(fd);
    }
    int fd = cq->fd;
    fl_lock_drop(&cq->lock);
    return fd;
}

/* Under the lock. The next one that is ready, or NULL. */
static struct entry *take(struct filch_completion_queue *cq)
{
    struct entry *entry = first_of(&cq->ready);
    if (entry) {
        unlink_entry(entry);
        count_down(cq);
    } else if (cq->is_signalled) {
        cq->is_signalled = false;
        fl_event_clear(cq->fd);
    }
    return entry;
}

static int deliver(struct entry *entry, filch_future **f, void **tag)
{
    fl_hook_remove(entry->task, &entry->hook);
    if (tag)
        *tag = entry->tag;
    if (f)
        *f = entry->task;
    else
        filch_future_release(entry->task);
    free(entry);
    return 1;
}

static void leave(
    struct filch_completion_queue *cq, const struct sleeper *sleeper)
{
    struct sleeper **at = &cq->sleepers;
    while (*at && *at != sleeper)
        at = &(*at)->next;
    if (*at)
        *at = sleeper->next;
}

/* What next() waits for, in a task: all members, with references, and the
 * first of them that had not started. */
struct survey {
    filch_future **awaited;
    size_t count;
    uint64_t added; /* to the queue by then */
    filch_future *startable;
};

/* Under the lock. Allocates; out of memory nothing is found, and the wait is
 * not seen as part of a circle. */
static void look_over(struct filch_completion_queue *cq, struct survey *survey)
{
    size_t room = load_relaxed(&cq->count);
    survey->added = cq->added;
    survey->awaited = calloc(room, sizeof(filch_future *));
    for (struct entry *e = cq->members.head.next;
         survey->awaited && e != &cq->members.head; e = e->next) {
        survey->awaited[survey->count++] = filch_future_retain(e->task);
        if (!survey->startable && filch_future_state(e->task) == FILCH_PENDING)
            survey->startable = e->task;
    }
}

static void forget(struct survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        filch_future_release(survey->awaited[i]);
    free(survey->awaited);
}

/* Under the lock, which is given up meanwhile. Sleeps until one is ready. */
static int sleep_for_one(
    filch_completion_queue *cq, int64_t deadline, const struct survey *survey)
{
    struct sleeper sleeper = {
        .is_in_task = survey->count, .next = cq->sleepers};
    fl_waiter_init(&sleeper.waiter);
    cq->sleepers = &sleeper;
    fl_lock_drop(&cq->lock);
    int rc = fl_await_events(
        &sleeper.waiter, 0, survey->awaited, survey->count, deadline);
    fl_lock_take(&cq->lock);
    leave(cq, &sleeper);
    /* woken for one that is ready, but gives up */
    if (rc == -EDEADLK && first_of(&cq->ready))
        wake_one(cq);
    return rc;
}

/* Under the lock, which is given up meanwhile. In a task: one that has not
 * started may be run right here. */
static int wait_for_one(filch_completion_queue *cq, int64_t deadline)
{
    struct survey survey = {.count = 0};
    bool has_run = false;
    int rc = 0;
    if (fl_strand_current)
        look_over(cq, &survey);
    if (survey.startable) {
        fl_lock_drop(&cq->lock);
        has_run = fl_await_run(survey.startable);
        fl_lock_take(&cq->lock);
    }
    bool is_news = survey.startable && survey.added != cq->added;
    if (!has_run && !is_news && !first_of(&cq->ready) &&
        load_relaxed(&cq->count))
        rc = sleep_for_one(cq, deadline, &survey);
    fl_lock_drop(&cq->lock);
    forget(&survey);
    fl_lock_take(&cq->lock);
    return rc;
}

int filch_completion_queue_next(
    filch_completion_queue *cq, int64_t deadline, filch_future **f, void **tag)
{
    struct entry *entry = NULL;
    int rc = 0;
    if (!cq)
        return -EINVAL;
    if (f)
        *f = NULL;
    if (came_through_fork(cq))
        return FILCH_EFORKED;
    fl_lock_take(&cq->lock);
    while (rc != -EDEADLK && !(entry = take(cq)) && load_relaxed(&cq->count) &&
           !rc)
        rc =
            fl_time_is_past(deadline) ? -ETIMEDOUT : wait_for_one(cq, deadline);
    fl_lock_drop(&cq->lock);
    return entry ? deliver(entry, f, tag) : rc;
}
