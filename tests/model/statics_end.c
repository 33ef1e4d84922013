/* SPDX-License-Identifier: MIT */
/* Linked behind the library's sources: where their variables end. */
char model_data_end = 1;
char model_bss_end;
