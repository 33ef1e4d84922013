/* SPDX-License-Identifier: MIT */
/* The back end of threads: an executor around a pool of workers; or around one
 * without any, for tests. */
#ifndef FL_BACKEND_THREADS_H
#define FL_BACKEND_THREADS_H

#include "backend/backend.h"

/* `config`: all defaults filled in. 0, or -ENOMEM. */
int fl_threads_open(filch_executor **ex, const struct filch_config *config);

#endif
