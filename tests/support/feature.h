/* SPDX-License-Identifier: MIT */
/*
 * Include first: the tests use what glibc declares beyond C11.
 */
#ifndef TESTS_FEATURE_H
#define TESTS_FEATURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

/* With AddressSanitizer: frames are larger, and it maps memory of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define TESTS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TESTS_ASAN 1
#endif
#endif
#ifndef TESTS_ASAN
#define TESTS_ASAN 0
#endif

#endif
