/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/thread.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Signals that a thread causes itself, or that a profiler counts with. */
static const int open_signals[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF};

static void block_signals(sigset_t *before)
{
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof open_signals / sizeof *open_signals; i++)
        sigdelset(&blocked, open_signals[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}

static size_t stack_size(size_t wanted)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t least = (size_t)PTHREAD_STACK_MIN;
    if (wanted < least)
        wanted = least;
    return (wanted + page - 1) / page * page;
}

int fl_thread_start(struct fl_thread *thread, void *(*main)(void *), void *arg,
    size_t stack_bytes)
{
    pthread_attr_t attributes;
    sigset_t before;
    int rc = pthread_attr_init(&attributes);
    if (rc)
        return -rc;
    rc = pthread_attr_setstacksize(&attributes, stack_size(stack_bytes));
    if (!rc)
        rc = pthread_attr_setguardsize(&attributes, FL_THREAD_GUARD_BYTES);
    if (!rc) {
        block_signals(&before);
        rc = pthread_create(&thread->id, &attributes, main, arg);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return -rc;
}

void fl_thread_join(struct fl_thread *thread)
{
    pthread_join(thread->id, NULL);
}

_Noreturn void fl_thread_end(void)
{
    pthread_exit(NULL);
}

void fl_thread_set_name(const char *name)
{
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

void fl_thread_get_name(char *name)
{
    prctl(PR_GET_NAME, name, 0, 0, 0);
}

char *fl_thread_stack_low(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t bytes = 0;
    if (pthread_getattr_np(pthread_self(), &attributes))
        return NULL;
    if (pthread_attr_getstack(&attributes, &low, &bytes))
        low = NULL;
    pthread_attr_destroy(&attributes);
    return low;
}

static pthread_key_t note_key;
static bool has_note_key;

static void make_note_key(void)
{
    /* libc's free(): threads may end when the library has gone */
    has_note_key = pthread_key_create(&note_key, free) == 0;
}

void *fl_thread_note(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_note_key);
    return has_note_key ? pthread_getspecific(note_key) : NULL;
}

void fl_thread_put_note(void *note)
{
    void *old = fl_thread_note();
    if (!old && !note)
        return;
    bool is_kept = has_note_key && pthread_setspecific(note_key, note) == 0;
    free(is_kept ? old : note);
}

void fl_thread_yield(void)
{
    sched_yield();
}
