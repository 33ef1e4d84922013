/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/overflow.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/thread.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

/* For the handler; besides what the kernel stores there. Ours needs 2 KiB;
 * others that ask for an alternate stack run here, too. */
enum { HANDLER_BYTES = 32 * 1024 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_handled; /* immutable after once */

static _Thread_local struct {
    char *stack_low; /* the guard ends here; NULL: not watched */
    void (*tell)(void);
    char *map; /* a guard page, then the handler's stack */
    size_t map_bytes;
} here __attribute__((tls_model("initial-exec")));

static bool is_in_guard(const char *at)
{
    return here.stack_low && at < here.stack_low &&
           here.stack_low - at <= FL_THREAD_GUARD_BYTES;
}

/* What has faulted does so again when this returns, and gets what it deserves.
 * What somebody has sent must be sent again. */
static void handle_fault(int number, siginfo_t *info, void *context)
{
    const struct sigaction deadly = {.sa_handler = SIG_DFL};
    bool is_sent = info->si_code <= 0;
    (void)context;
    if (!is_sent && is_in_guard(info->si_addr))
        here.tell();
    sigaction(number, &deadly, NULL);
    if (is_sent)
        raise(number); /* blocked until this returns */
}

static void handle_faults(void)
{
    const struct sigaction ours = {
        .sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction before;
    if (sigaction(SIGSEGV, NULL, &before) || before.sa_handler != SIG_DFL)
        return;
    is_handled = !sigaction(SIGSEGV, &ours, NULL);
}

void fl_overflow_forget(void)
{
    const struct sigaction none = {.sa_handler = SIG_DFL};
    struct sigaction now;
    if (is_handled && !sigaction(SIGSEGV, NULL, &now) &&
        now.sa_sigaction == handle_fault)
        sigaction(SIGSEGV, &none, NULL);
}

static bool has_alternate_stack(void)
{
    stack_t now;
    return sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE);
}

static size_t round_up(size_t bytes, size_t page)
{
    return (bytes + page - 1) / page * page;
}

/* Its lowest page is a guard. */
static bool map_stack(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = round_up(getauxval(AT_MINSIGSTKSZ) + HANDLER_BYTES, page);
    char *map = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (map == MAP_FAILED)
        return false;
    const stack_t stack = {.ss_sp = map + page, .ss_size = bytes};
    if (mprotect(map, page, PROT_NONE) || sigaltstack(&stack, NULL)) {
        munmap(map, page + bytes);
        return false;
    }
    here.map = map;
    here.map_bytes = page + bytes;
    return true;
}

void fl_overflow_watch(char *stack_low, void (*tell)(void))
{
    pthread_once(&once, handle_faults);
    /* A sanitizer's thread may have its own alternate stack: that is good. */
    if (!is_handled || !stack_low || !(has_alternate_stack() || map_stack()))
        return;
    here.tell = tell;
    here.stack_low = stack_low;
}

static bool is_in_map(const char *at)
{
    return at > here.map && at < here.map + here.map_bytes;
}

void fl_overflow_unwatch(void)
{
    const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t now;
    here.stack_low = NULL;
    if (!here.map)
        return;
    if (!sigaltstack(NULL, &now) && is_in_map(now.ss_sp))
        sigaltstack(&none, NULL); /* else somebody has set another one */
    munmap(here.map, here.map_bytes);
    here.map = NULL;
}
