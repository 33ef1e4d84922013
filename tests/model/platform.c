/* SPDX-License-Identifier: MIT */
/* Floor 0 in a model: sleeping, time, the process. */
#include "machine.h"

#include "platform/backtrace.h"
#include "platform/check.h"
#include "platform/clock.h"
#include "platform/error.h"
#include "platform/event.h"
#include "platform/futex.h"
#include "platform/overflow.h"
#include "platform/process.h"
#include "platform/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int fl_futex_wait(const void *word, uint32_t expected, int64_t deadline)
{
    let_others_run();
    /* The kernel compares under the lock that a waker takes: with the newest
     * value, which is what memory holds. */
    if (memcmp(word, &expected, sizeof expected) != 0)
        return 0;
    report_event(EVENT_SLEEP, word, expected, "", NULL);
    bool is_woken = sleep_on(word, deadline != INT64_MAX);
    report_event(EVENT_WOKEN, word, is_woken, "", NULL);
    return is_woken ? 0 : -ETIMEDOUT;
}

void fl_futex_wake(const void *word, int count)
{
    let_others_run();
    report_event(EVENT_WAKE, word, (uint64_t)count, "", NULL);
    wake_sleepers(word, count);
}

/* Each look at the clock takes longer than anybody polls. */
int64_t fl_clock_now_ns(void)
{
    static _Thread_local int64_t now;
    return now += 1000000;
}

int fl_thread_start(struct fl_thread *thread, void *(*main)(void *), void *arg,
    size_t stack_bytes)
{
    (void)stack_bytes;
    let_others_run();
    thread->id = start_player(main, arg);
    return thread->id ? 0 : -EAGAIN;
}

void fl_thread_join(struct fl_thread *thread)
{
    let_others_run();
    join_player((unsigned)thread->id);
}

void fl_thread_end(void)
{
    model_fail("a thread ends itself");
}

void *fl_thread_note(void)
{
    return NULL;
}

void fl_thread_put_note(void *note)
{
    free(note);
}

void fl_thread_set_name(const char *name)
{
    (void)name;
}

void fl_thread_get_name(char *name)
{
    *name = '\0';
}

void fl_overflow_watch(char *stack_low, void (*tell)(void))
{
    (void)stack_low;
    (void)tell;
}

void fl_overflow_unwatch(void)
{
}

char *fl_thread_stack_low(void)
{
    return NULL;
}

int fl_process_watch_forks(void (*in_child)(void))
{
    (void)in_child;
    return 0;
}

/* One at a time. */
static int event_is_set;

int fl_event_open(void)
{
    event_is_set = 0;
    return 3;
}

void fl_event_set(int fd)
{
    (void)fd;
    let_others_run();
    event_is_set = 1;
    wake_sleepers(&event_is_set, THREADS);
}

void fl_event_clear(int fd)
{
    (void)fd;
    let_others_run();
    event_is_set = 0;
}

void fl_event_close(int fd)
{
    (void)fd;
}

void model_poll_event(void)
{
    let_others_run();
    while (!event_is_set)
        (void)sleep_on(&event_is_set, false);
}

void fl_thread_yield(void)
{
    give_others_a_turn();
}

char *fl_backtrace_text(void)
{
    return NULL;
}

const char *fl_error_name(int code)
{
    (void)code;
    return "";
}

const char *fl_error_text(int code)
{
    (void)code;
    return "";
}

uint32_t fl_process_generation(void)
{
    return 1;
}

void fl_process_complain(const char *line, size_t bytes)
{
    (void)line;
    (void)bytes;
}

void fl_process_complain_of(const char *format, ...)
{
    (void)format;
}

void fl_check_failed(const char *function, const char *what, uint32_t state)
{
    (void)function;
    (void)state;
    model_fail(what);
}

_Noreturn void model_abort(void);
_Noreturn void model_abort(void)
{
    model_fail("abort()");
}
