/* SPDX-License-Identifier: MIT */
/*
 * Include first: the tests use what glibc declares beyond C11.
 */
#ifndef TESTS_FEATURE_H
#define TESTS_FEATURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#endif
