/* SPDX-License-Identifier: MIT */
/* An executor that refuses every task, for one that could not be opened. */
#ifndef FL_BACKEND_REFUSE_H
#define FL_BACKEND_REFUSE_H

#include "backend/backend.h"

/* Never NULL: static. `code`: why, one that filch_executor_open() returns. */
filch_executor *fl_refuse_with(int code);

#endif
