/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "platform/error.h"

#include <filch/base.h>
#include <stddef.h>
#include <string.h>

static const struct own_error {
    int code;
    const char *name;
    const char *text;
} own_errors[] = {
    {FILCH_EBROKEN, "FILCH_EBROKEN", "the executor is broken"},
    {FILCH_ESHUTDOWN, "FILCH_ESHUTDOWN", "the executor is shut down"},
    {FILCH_EFORKED, "FILCH_EFORKED", "the handle came through fork()"},
    {FILCH_EDROPPED, "FILCH_EDROPPED", "dropped from a full queue"},
    {FILCH_EEXPIRED, "FILCH_EEXPIRED", "not started by its time"},
};

enum { OWN_ERRORS = sizeof own_errors / sizeof *own_errors, OWN_BELOW = -4096 };

static const struct own_error *find_own(int code)
{
    for (int i = 0; i < OWN_ERRORS; i++)
        if (own_errors[i].code == code)
            return &own_errors[i];
    return NULL;
}

const char *fl_error_name(int code)
{
    const struct own_error *own = find_own(code);
    const char *name = code > OWN_BELOW ? strerrorname_np(-code) : NULL;
    if (own)
        return own->name;
    return name ? name : "?";
}

const char *fl_error_text(int code)
{
    const struct own_error *own = find_own(code);
    const char *text = code > OWN_BELOW ? strerrordesc_np(-code) : NULL;
    if (own)
        return own->text;
    return text ? text : "unknown code";
}
