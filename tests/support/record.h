/* SPDX-License-Identifier: MIT */
/*
 * A recorder for on_unobserved: how many reports came, and the last one.
 */
#ifndef TESTS_RECORD_H
#define TESTS_RECORD_H

#include "feature.h"

#include <filch.h>
#include <pthread.h>
#include <stdio.h>

struct record {
    pthread_mutex_t lock;
    int count;
    int code;
    char message[200];
    char task[80];
    char where[200];
};

#define RECORD_INIT                                                            \
    {                                                                          \
        .lock = PTHREAD_MUTEX_INITIALIZER                                      \
    }

/** The hook; its data is the struct record. */
static inline void record(void *data, const struct filch_failure *failure)
{
    struct record *r = data;
    pthread_mutex_lock(&r->lock);
    r->count++;
    r->code = failure->code;
    snprintf(r->message, sizeof r->message, "%s", failure->message);
    snprintf(r->task, sizeof r->task, "%s", failure->task);
    snprintf(r->where, sizeof r->where, "%s", failure->where);
    pthread_mutex_unlock(&r->lock);
}

static inline int record_count(struct record *r)
{
    pthread_mutex_lock(&r->lock);
    int count = r->count;
    pthread_mutex_unlock(&r->lock);
    return count;
}

#endif
