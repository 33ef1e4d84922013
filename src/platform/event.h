/* SPDX-License-Identifier: MIT */
/* A pollable flag: an eventfd that is readable while the flag is set. */
#ifndef FL_PLATFORM_EVENT_H
#define FL_PLATFORM_EVENT_H

/* Any thread. A new descriptor, or -EMFILE, -ENFILE, -ENOMEM, -ENODEV. */
int fl_event_open(void);
/* Any thread. Never blocks. */
void fl_event_set(int fd);
/* Any thread. Never blocks. */
void fl_event_clear(int fd);
/* Once. */
void fl_event_close(int fd);

#endif
