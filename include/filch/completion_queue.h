/* SPDX-License-Identifier: MIT */
/**
 * @file completion_queue.h
 * A completion queue: "epoll for futures". Futures are added with a tag and
 * come out, each once, in the order in which they become final; its file
 * descriptor lets an event loop wait for that. O(1) per completion.
 */
#ifndef FILCH_COMPLETION_QUEUE_H
#define FILCH_COMPLETION_QUEUE_H

#include <filch/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** See the file's head. */
typedef struct filch_completion_queue filch_completion_queue;

/**
 * Any thread. Allocates. The caller owns the queue: close it.
 * @return 0; -EINVAL; -ENOMEM
 */
FILCH_API int filch_completion_queue_open(filch_completion_queue **cq);

/**
 * Any thread, but none may be using the queue any more. Blocks only for a
 * completion that is being delivered. Forgets what it still holds. NULL is
 * allowed.
 */
FILCH_API void filch_completion_queue_close(filch_completion_queue *cq);

/**
 * Any thread. Allocates. The queue takes a reference of its own. A future
 * that is final already comes out at once.
 * @param tag  comes out with the future
 * @return 0; -EALREADY: it is in this queue; -EINVAL; -ENOMEM;
 *         #FILCH_EFORKED
 */
FILCH_API int filch_completion_queue_add(
    filch_completion_queue *cq, filch_future *f, void *tag);

/**
 * Any thread. Blocks until the deadline; in a task as future.h says.
 * Takes the next final future out.
 * @param f    receives a reference of the caller's own: release it; NULL: the
 *             queue releases it
 * @param tag  receives the tag; may be NULL
 * @return 1; 0: the queue is empty, nothing will come; -ETIMEDOUT: none is
 *         final yet; -EDEADLK; -EINVAL; #FILCH_EFORKED
 */
FILCH_API int filch_completion_queue_next(
    filch_completion_queue *cq, int64_t deadline, filch_future **f, void **tag);

/** Any thread. Wait-free. Futures added and not taken out yet. */
FILCH_API size_t filch_completion_queue_pending(
    const filch_completion_queue *cq);

/**
 * Any thread. Allocates a file descriptor at the first call; the queue owns
 * it. Readable from when a future becomes final until
 * filch_completion_queue_next() has said that there is none: level-triggered
 * loops may take one at a time, edge-triggered ones take until -ETIMEDOUT or
 * 0. It can be readable when there is nothing. Only poll it; do not read it.
 * @return the descriptor (an eventfd, close-on-exec); -EMFILE, -ENFILE,
 *         -ENOMEM; -EINVAL
 */
FILCH_API int filch_completion_queue_fd(filch_completion_queue *cq);

#ifdef __cplusplus
}
#endif
#endif
