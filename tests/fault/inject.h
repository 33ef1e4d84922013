/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand: the linker sends what the program and the library ask of
 * libc through here (--wrap), so that the n-th request can be refused, and
 * what is not given back is known.
 */
#ifndef TESTS_FAULT_INJECT_H
#define TESTS_FAULT_INJECT_H

#include <stdbool.h>

/** What can be refused: a set of these. */
enum fault_kind {
    FAULT_MEMORY = 1,
    FAULT_MAPPING = 2,
    FAULT_THREAD = 4,
    FAULT_DESCRIPTOR = 8,
    FAULT_ANY = 15,
};

/** From now on the @p nth request of @p kinds is refused; with @p for_good,
 * all after it, too. */
void fault_arm(unsigned kinds, int nth, bool for_good);

/** No more faults until the next arming. */
void fault_pause(void);

/** The same, and whether a request was refused since the last arming. */
bool fault_disarm(void);

/** What is held at this moment. */
struct fault_balance {
    long blocks;
    long mapped_bytes;
    long descriptors;
};
struct fault_balance fault_balance(void);

#endif
