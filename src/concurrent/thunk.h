/* SPDX-License-Identifier: MIT */
/*
 * Thunks: how an inline function calls one of ours without a cost to its own
 * registers. Arguments and results are as for that function; all other general
 * registers come back as they were, except r10 and r11, which a call that is
 * bound late needs. The stack may be at any multiple of 8.
 */
#ifndef FL_CONCURRENT_THUNK_H
#define FL_CONCURRENT_THUNK_H

#include <filch/fork.h>

#ifdef FILCH_FORK_ASM
#define FL_THUNK(name, function)                                               \
    __asm__(".text\n\t.p2align 4\n\t.globl " #name "\n\t"                      \
            ".type " #name ", @function\n" #name ":\n\t"                       \
            ".cfi_startproc\n\t"                                               \
            "pushq %rbp\n\t.cfi_def_cfa_offset 16\n\t.cfi_offset 6, -16\n\t"   \
            "movq %rsp, %rbp\n\t.cfi_def_cfa_register 6\n\t"                   \
            "andq $-16, %rsp\n\tsubq $8, %rsp\n\t"                             \
            "pushq %rcx\n\tpushq %rsi\n\tpushq %rdi\n\t"                       \
            "pushq %r8\n\tpushq %r9\n\t"                                       \
            "call " #function "@PLT\n\t"                                       \
            "popq %r9\n\tpopq %r8\n\t"                                         \
            "popq %rdi\n\tpopq %rsi\n\tpopq %rcx\n\t"                          \
            "movq %rbp, %rsp\n\tpopq %rbp\n\t.cfi_def_cfa 7, 8\n\t"            \
            "ret\n\t.cfi_endproc\n\t.size " #name ", .-" #name "\n")
#else
#define FL_THUNK(name, function) _Static_assert(1, "called directly")
#endif

#endif
