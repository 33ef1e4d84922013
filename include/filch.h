/* SPDX-License-Identifier: MIT */
/**
 * @file filch.h
 * filch: a work-stealing executor for C. This header includes all others.
 *
 * Reading order: base.h (codes, deadlines, the task signature),
 * executor.h (open, submit, shut down), future.h (results, waiting),
 * token.h (cancellation), completion_queue.h ("epoll for futures"), map.h (a
 * function over an array), fork.h (nested parallel computation), algorithm.h
 * (parallel loops, sums, searching), sort.h, worker.h (values per worker),
 * once.h, virtual_clock.h (for tests).
 */
#ifndef FILCH_H
#define FILCH_H

#include <filch/algorithm.h>
#include <filch/base.h>
#include <filch/completion_queue.h>
#include <filch/executor.h>
#include <filch/fork.h>
#include <filch/future.h>
#include <filch/map.h>
#include <filch/once.h>
#include <filch/sort.h>
#include <filch/token.h>
#include <filch/virtual_clock.h>
#include <filch/worker.h>

#endif
