/* SPDX-License-Identifier: MIT */
/* Linked in front of the library's sources: where their variables begin. */
char model_data_begin = 1;
char model_bss_begin;
