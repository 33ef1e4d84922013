/* SPDX-License-Identifier: MIT */
/*
 * What a process has counted is written at exit(). Those that the tests let
 * die otherwise write it here: linked into each test of a coverage build.
 */
#include "../support/feature.h"

#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

/* What is counted from here on is not lost either. */
static void dump(void)
{
    __gcov_dump();
    __gcov_reset();
}

_Noreturn void __real_abort(void);
_Noreturn void __wrap_abort(void);
void __wrap_abort(void)
{
    dump();
    __real_abort();
}

_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
void __wrap__exit(int status)
{
    dump();
    __real__exit(status);
}

/* The library's handler gives SIGSEGV back before the process dies of it. */
int __real_sigaction(
    int number, const struct sigaction *now, struct sigaction *before);
int __wrap_sigaction(
    int number, const struct sigaction *now, struct sigaction *before);
int __wrap_sigaction(
    int number, const struct sigaction *now, struct sigaction *before)
{
    if (number == SIGSEGV && now && now->sa_handler == SIG_DFL)
        dump();
    return __real_sigaction(number, now, before);
}

int __real_raise(int number);
int __wrap_raise(int number);
int __wrap_raise(int number)
{
    dump();
    return __real_raise(number);
}
