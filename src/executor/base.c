/* SPDX-License-Identifier: MIT */
/* Codes, deadlines, and what a task sees of itself. */
#include <filch/base.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "concurrent/time.h"
#include "platform/check.h"
#include "platform/error.h"
#include "task/plan.h"
#include "task/strand.h"

const char *filch_strerror(int code)
{
    return fl_error_text(code);
}

const char *filch_error_name(int code)
{
    return fl_error_name(code);
}

#define STRING_OF(x) #x
#define VERSION_OF(a, b, c) STRING_OF(a) "." STRING_OF(b) "." STRING_OF(c)

const char *filch_version(void)
{
    return VERSION_OF(
        FILCH_VERSION_MAJOR, FILCH_VERSION_MINOR, FILCH_VERSION_PATCH);
}

int64_t filch_now(void)
{
    return fl_time_now();
}

int64_t filch_after(int64_t duration_ns)
{
    int64_t now = fl_time_now();
    return duration_ns > FILCH_FOREVER - now ? FILCH_FOREVER
                                             : now + duration_ns;
}

/* The position says where forks go; the thread knows what it runs. */
static struct fl_run *running(void)
{
    FL_CHECK(fl_strand_current && fl_strand_current->innermost, 0);
    return fl_strand_current->innermost;
}

int filch_stopping(const filch_ctx *cx)
{
    (void)cx;
    const struct fl_run *run = running();
    struct filch_token *token = run->task ? fl_task_token(run->task) : NULL;
    /* relaxed: it carries nothing but itself */
    return (load_relaxed(run->control) & FL_CONTROL_STOP) ||
           (token && fl_token_word(token));
}

filch_token *filch_ctx_token(const filch_ctx *cx)
{
    (void)cx;
    const struct fl_run *run = running();
    return run->task ? fl_task_token(run->task) : NULL;
}

int filch_failf(filch_ctx *cx, int code, const char *format, ...)
{
    struct fl_run *run = running();
    va_list args;
    char *message = NULL;
    (void)cx;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0)
        message = malloc((size_t)length + 1);
    if (message) {
        va_start(args, format);
        vsnprintf(message, (size_t)length + 1, format, args);
        va_end(args);
    }
    fl_run_put_message(run, message);
    return code < 0 ? code : -EINVAL;
}

const char *filch_error_message(int code)
{
    const char *message = code < 0 ? fl_strand_message() : NULL;
    return message ? message : fl_error_text(code);
}

filch_executor *filch_ctx_executor(const filch_ctx *cx)
{
    (void)cx;
    return running()->executor;
}

int filch_ctx_worker(const filch_ctx *cx)
{
    (void)cx;
    return running()->worker;
}

const char *filch_ctx_name(const filch_ctx *cx)
{
    (void)cx;
    return running()->task ? fl_task_name(running()->task) : "";
}
