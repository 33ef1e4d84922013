/* SPDX-License-Identifier: MIT */
/* What happened in the execution that failed: a column for each thread. */
#include "machine.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS_MOST = 8192, LAST = 120, LINE_BYTES = 200 };

static struct happened {
    enum event event;
    unsigned thread;
    const void *address;
    uint64_t value;
    const char *more;
    void *pc;
} events[EVENTS_MOST];
static unsigned event_count;

void report_reset(void)
{
    event_count = 0;
}

void report_event(enum event event, const void *address, uint64_t value,
    const char *more, void *pc)
{
    events[event_count++ % EVENTS_MOST] =
        (struct happened){event, current_thread(), address, value, more, pc};
}

void model_note(const char *what, uint64_t value)
{
    report_event(EVENT_NOTE, NULL, value, what, NULL);
}

/* "file:line" of the call, by the debugger's own tool. */
static void find_line(const void *pc, char *line)
{
    Dl_info info;
    char command[300];
    line[0] = '\0';
    if (!pc || !dladdr(pc, &info) || !info.dli_fname)
        return;
    (void)snprintf(command, sizeof command,
        "addr2line -s -e /proc/%d/exe 0x%zx 2>/dev/null", (int)getpid(),
        (size_t)((const char *)pc - (const char *)info.dli_fbase) - 1);
    FILE *pipe = popen(command, "r");
    if (pipe && fgets(line, LINE_BYTES, pipe))
        line[strcspn(line, " \n")] = '\0';
    if (pipe)
        (void)pclose(pipe);
}

static void describe(const struct happened *h, char *text, size_t size)
{
    static const char *const words[] = {"load", "store", "modify",
        "compare, differs:", "fence", "sleep", "woken", "wake", "", "free"};
    (void)snprintf(text, size, "%s %s", words[h->event],
        h->event == EVENT_NOTE ? h->more : "");
}

static void print_event(const struct happened *h)
{
    char line[LINE_BYTES], text[80];
    find_line(h->pc, line);
    describe(h, text, sizeof text);
    printf("%*s%u: %-18s", (int)(h->thread * 6), "", h->thread, text);
    if (h->address)
        printf(" %#zx", (size_t)h->address & 0xfffff);
    if (h->event != EVENT_FENCE)
        printf(" = %#llx%s", (unsigned long long)h->value,
            h->event == EVENT_NOTE ? "" : h->more);
    printf("  %s\n", line);
}

void report_print(void)
{
    unsigned first = event_count > LAST ? event_count - LAST : 0;
    for (unsigned i = first; i < event_count; i++)
        print_event(&events[i % EVENTS_MOST]);
}
