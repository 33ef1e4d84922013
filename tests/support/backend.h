/* SPDX-License-Identifier: MIT */
/*
 * TESTS_BACKEND of the environment: on which back end a test runs that does
 * not say so itself. Many are run on each: tests/unit/backends.list.
 */
#ifndef TESTS_BACKEND_H
#define TESTS_BACKEND_H

#include "feature.h"

#include "patience.h"

#include <string.h>

static inline enum filch_backend default_backend(void)
{
    const char *name = getenv("TESTS_BACKEND");
    if (name == NULL)
        return FILCH_THREADS;
    MUST(strcmp(name, "manual") == 0 || strcmp(name, "inline") == 0);
    return strcmp(name, "manual") == 0 ? FILCH_MANUAL : FILCH_INLINE;
}

#endif
