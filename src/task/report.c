/* SPDX-License-Identifier: MIT */
#include "task/report.h"

#include <string.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/process.h"
#include "task/task.h"

/* So many in a second are shown. */
enum { SHOWN_MOST = 10 };

/* A second of the clock, above the number of failures in it. */
enum { COUNT_BITS = 24 };
#define COUNT_MOST ((UINT64_C(1) << COUNT_BITS) - 1)
static _Atomic uint64_t window;

static void print(const struct filch_failure *what)
{
    fl_process_complain_of("filch: %s: %s: %s%s%s\n", what->task,
        fl_error_name(what->code), what->message, *what->where ? " at " : "",
        what->where);
    if (what->backtrace)
        fl_process_complain(what->backtrace, strlen(what->backtrace));
}

static uint64_t count_in(uint64_t word)
{
    return word & COUNT_MOST;
}

/* How many of its second were not shown. */
static void print_hidden(uint64_t word)
{
    if (count_in(word) > SHOWN_MOST)
        fl_process_complain_of("filch: %llu more failures were not shown\n",
            (unsigned long long)(count_in(word) - SHOWN_MOST));
}

/* Counts one more. A clock that is read late does not go back. */
static uint64_t next_in(uint64_t word)
{
    uint64_t second = (uint64_t)fl_clock_now_ns() / 1000000000;
    if (word >> COUNT_BITS < second)
        return second << COUNT_BITS | 1;
    return count_in(word) < COUNT_MOST ? word + 1 : word;
}

static void print_if_few(const struct filch_failure *what)
{
    uint64_t word = load_relaxed(&window), next;
    do
        next = next_in(word);
    while (!cas_weak_relaxed(&window, &word, next));
    if (count_in(next) == 1)
        print_hidden(word);
    if (count_in(next) <= SHOWN_MOST)
        print(what);
}

void fl_report_rest(void)
{
    /* acquire: pairs with nothing, the word is all */
    print_hidden(exchange_acquire(&window, 0));
}

void fl_report_forget(void)
{
    store_relaxed(&window, 0);
}

void fl_report(struct fl_home *home, const struct filch_failure *what)
{
    if (home)
        fetch_add_relaxed(&home->unobserved, 1);
    if (home && home->on_unobserved)
        home->on_unobserved(home->data, what);
    else
        print_if_few(what);
}

struct fl_home *fl_report_home(const filch_future *task)
{
    if (task->flags & FL_STRAY)
        return fl_task_extra(task)->stray.home;
    /* The arena is the home's first member. */
    return (struct fl_home *)(void *)fl_slab_arena(task);
}
