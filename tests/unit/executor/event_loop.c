/* SPDX-License-Identifier: MIT */
/* A completion queue's descriptor in an epoll loop. */
#include "../../support/gate.h"
#include "../../support/pool.h"
#include "../../support/proc.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

TestSuite(event_loop, .timeout = 120);

enum { COUNT = 300 };

struct loop {
    filch_executor *ex;
    filch_completion_queue *cq;
    int epoll;
    int fd;
    int args[COUNT];
    int seen[COUNT];
};

static void open_loop(struct loop *loop, uint32_t trigger)
{
    memset(loop, 0, sizeof *loop);
    loop->ex = open_pool(2);
    cr_assert_eq(filch_completion_queue_open(&loop->cq), 0);
    loop->fd = filch_completion_queue_fd(loop->cq);
    cr_assert_geq(loop->fd, 0);
    cr_assert_eq(filch_completion_queue_fd(loop->cq), loop->fd);
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | trigger};
    cr_assert_eq(epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->fd, &event), 0);
}

static void close_loop(struct loop *loop)
{
    close(loop->epoll);
    filch_completion_queue_close(loop->cq);
    cr_assert_eq(filch_executor_close(loop->ex), 0);
}

static void submit_all(struct loop *loop)
{
    for (int i = 0; i < COUNT; i++) {
        loop->args[i] = i;
        filch_future *f = filch_submit(loop->ex, echo, &loop->args[i]);
        cr_assert_eq(
            filch_completion_queue_add(loop->cq, f, &loop->seen[i]), 0);
        filch_future_release(f);
    }
}

static int take_one(struct loop *loop)
{
    filch_future *f = NULL;
    void *tag = NULL;
    int rc = filch_completion_queue_next(loop->cq, FILCH_POLL, &f, &tag);
    if (rc != 1)
        return 0;
    int *seen = tag;
    cr_assert_eq(int_result(f), (int)(seen - loop->seen));
    ++*seen;
    filch_future_release(f);
    return 1;
}

static void check_all_seen(const struct loop *loop)
{
    for (int i = 0; i < COUNT; i++)
        cr_assert_eq(loop->seen[i], 1);
    cr_assert_eq(filch_completion_queue_pending(loop->cq), 0);
}

static void await_readable(struct loop *loop)
{
    struct epoll_event event;
    int n = 0;
    while (n == 0 || (n < 0 && errno == EINTR))
        n = epoll_wait(loop->epoll, &event, 1, -1);
    cr_assert_eq(n, 1);
}

/* Readable without end as long as something can be taken: one per turn. */
Test(event_loop, level_triggered_one_at_a_time)
{
    static struct loop loop;
    open_loop(&loop, 0);
    submit_all(&loop);
    for (int taken = 0; taken < COUNT;) {
        await_readable(&loop);
        taken += take_one(&loop);
    }
    check_all_seen(&loop);
    close_loop(&loop);
}

Test(event_loop, edge_triggered_until_there_is_none)
{
    static struct loop loop;
    open_loop(&loop, EPOLLET);
    submit_all(&loop);
    for (int taken = 0; taken < COUNT;) {
        await_readable(&loop);
        while (take_one(&loop))
            taken++;
    }
    check_all_seen(&loop);
    close_loop(&loop);
}

static int is_readable(struct loop *loop)
{
    struct epoll_event event;
    return epoll_wait(loop->epoll, &event, 1, 0);
}

/* Only a take that found nothing makes it unreadable. */
Test(event_loop, is_quiet_when_there_is_nothing)
{
    static struct loop loop;
    struct gate gate;
    open_loop(&loop, 0);
    gate_init(&gate);
    cr_assert_eq(is_readable(&loop), 0);
    filch_future *held = occupy(loop.ex, &gate);
    cr_assert_eq(filch_completion_queue_add(loop.cq, held, NULL), 0);
    cr_assert_eq(is_readable(&loop), 0);
    gate_pass(&gate, 1);
    await_readable(&loop);
    cr_assert_eq(
        filch_completion_queue_next(loop.cq, FILCH_POLL, NULL, NULL), 1);
    cr_assert_eq(
        filch_completion_queue_next(loop.cq, FILCH_POLL, NULL, NULL), 0);
    cr_assert_eq(is_readable(&loop), 0);
    filch_future_release(held);
    close_loop(&loop);
}

Test(event_loop, is_readable_for_what_was_final_before)
{
    static struct loop loop;
    open_loop(&loop, 0);
    filch_future *f = filch_submit(loop.ex, nothing, NULL);
    cr_assert_eq(outcome(f), 0);
    cr_assert_eq(filch_completion_queue_add(loop.cq, f, NULL), 0);
    cr_assert_eq(is_readable(&loop), 1);
    filch_future_release(f);
    close_loop(&loop);
}

/* The descriptor asked for after the completions must show them, too. */
Test(event_loop, a_late_descriptor_is_readable)
{
    filch_executor *ex = open_pool(1);
    filch_completion_queue *cq = NULL;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    filch_future *f = filch_submit(ex, nothing, NULL);
    cr_assert_eq(filch_completion_queue_add(cq, f, NULL), 0);
    cr_assert_eq(outcome(f), 0);
    int fd = filch_completion_queue_fd(cq);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    cr_assert_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
    cr_assert_eq(epoll_wait(epoll, &event, 1, 60000), 1);
    close(epoll);
    filch_future_release(f);
    filch_completion_queue_close(cq);
    cr_assert_eq(filch_executor_close(ex), 0);
}

Test(event_loop, the_descriptor_belongs_to_the_queue)
{
    filch_completion_queue *cq = NULL;
    int before = count_fds();
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_eq(count_fds(), before, "none before it is asked for");
    int fd = filch_completion_queue_fd(cq);
    cr_assert_neq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_eq(count_fds(), before + 1);
    filch_completion_queue_close(cq);
    cr_assert_eq(count_fds(), before);
}

Test(event_loop, no_descriptor_to_be_had)
{
    filch_completion_queue *cq = NULL;
    struct rlimit limit;
    cr_assert_eq(filch_completion_queue_open(&cq), 0);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = {0, limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int fd = filch_completion_queue_fd(cq);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(fd, -EMFILE);
    cr_assert_geq(filch_completion_queue_fd(cq), 0, "later it can be had");
    filch_completion_queue_close(cq);
}
