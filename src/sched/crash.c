/* SPDX-License-Identifier: MIT */
/* In a signal handler: no lock, no memory, no printf. */
#include "sched/crash.h"

#include "platform/process.h"
#include "platform/thread.h"
#include "task/strand.h"

enum { PIECE_MOST = 400, DIGITS_MOST = 24 }; /* longer names are cut */

/* Room for two long names, and the rest. */
struct line {
    char text[2 * PIECE_MOST + 200];
    size_t bytes;
};

static void add(struct line *line, const char *text)
{
    for (int i = 0; text[i] && i < PIECE_MOST; i++)
        line->text[line->bytes++] = text[i];
}

static void add_number(struct line *line, size_t number)
{
    char text[DIGITS_MOST] = "";
    int at = DIGITS_MOST - 1;
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    add(line, text + at);
}

static void add_task(struct line *line, const filch_future *task)
{
    add(line, " in task ");
    add(line, fl_task_name(task));
    if (!*fl_task_where(task))
        return;
    add(line, " (");
    add(line, fl_task_where(task));
    add(line, ")");
}

void fl_crash_tell(void)
{
    /* NULL: in a child of fork() */
    const struct fl_strand *strand = fl_strand_current;
    char name[FL_THREAD_NAME_BYTES];
    struct line line = {.bytes = 0};
    fl_thread_get_name(name);
    add(&line, "filch: worker ");
    add(&line, name);
    add(&line, ": stack overflow");
    if (strand && strand->innermost && strand->innermost->task)
        add_task(&line, strand->innermost->task);
    if (strand) {
        add(&line, ": stack_bytes is ");
        add_number(&line, strand->stack_bytes);
    }
    add(&line, "\n");
    fl_process_complain(line.text, line.bytes);
}
