/* SPDX-License-Identifier: MIT */
/*
 * epoll: a TCP server on 127.0.0.1 that answers each line with its FNV-1a
 * digest. The loop submits, and gets what is finished on a descriptor.
 *
 *     epoll [PORT]        prints the port; ends at SIGTERM
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <filch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static struct client { /* the loop's; a task's while it digests the line */
    size_t used;
    char line[4096];
} clients[256]; /* by descriptor */
static int loop;

static int digest(filch_ctx *cx, void *arg, void *result)
{
    const struct client *c = arg;
    uint64_t hash = 0xcbf29ce484222325;
    (void)cx;
    for (size_t i = 0; i < c->used && c->line[i] != '\n'; i++)
        hash = (hash ^ (unsigned char)c->line[i]) * 0x100000001b3;
    memcpy(result, &hash, sizeof hash);
    return 0;
}

/* `once`, EPOLLONESHOT: one event, then none until it is watched again. */
static void watch(int operation, int fd, uint32_t once)
{
    struct epoll_event event = {.events = EPOLLIN | once, .data.fd = fd};
    if (fd >= 256 || epoll_ctl(loop, operation, fd, &event) != 0)
        (void)close(fd);
}

static void receive(int fd, filch_executor *ex, filch_completion_queue *done)
{
    struct client *c = &clients[fd];
    char *end = c->line + c->used;
    ssize_t n = read(fd, end, sizeof c->line - c->used);
    if (n <= 0) {
        (void)close(fd);
        return;
    }
    c->used += (size_t)n;
    if (c->used < sizeof c->line && !memchr(end, '\n', (size_t)n)) {
        watch(EPOLL_CTL_MOD, fd, EPOLLONESHOT);
        return;
    }
    filch_future *f = filch_submit(ex, digest, c); /* never blocks here */
    if (filch_completion_queue_add(done, f, c) != 0)
        abort(); /* no memory */
    filch_future_release(f);
}

static void answer(filch_completion_queue *done)
{
    filch_future *f;
    void *tag;
    while (filch_completion_queue_next(done, FILCH_POLL, &f, &tag) == 1) {
        struct client *c = tag;
        int fd = (int)(c - clients);
        unsigned long long hash;
        char text[32] = "busy\n"; /* the task was refused */
        if (filch_future_result(f, FILCH_POLL, &hash, sizeof hash) == 0)
            (void)snprintf(text, sizeof text, "%016llx\n", hash);
        filch_future_release(f);
        c->used = 0;
        (void)send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        watch(EPOLL_CTL_MOD, fd, EPOLLONESHOT);
    }
}

static void serve(
    int listener, int signals, filch_executor *ex, filch_completion_queue *done)
{
    struct epoll_event event;
    watch(EPOLL_CTL_ADD, listener, 0);
    watch(EPOLL_CTL_ADD, signals, 0);
    watch(EPOLL_CTL_ADD, filch_completion_queue_fd(done), 0);
    while (epoll_wait(loop, &event, 1, -1) == 1 && event.data.fd != signals) {
        int fd = event.data.fd;
        if (fd == filch_completion_queue_fd(done)) {
            answer(done);
        } else if (fd != listener) {
            receive(fd, ex, done);
        } else if ((fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
            watch(EPOLL_CTL_ADD, fd, EPOLLONESHOT);
            if (fd < 256)
                clients[fd].used = 0;
        }
    }
}

static int listen_on(int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *address = (struct sockaddr *)&in;
    socklen_t size = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, address, size) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, address, &size) != 0)
        return -1;
    (void)printf("%d\n", ntohs(in.sin_port));
    return fflush(stdout) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    sigset_t set;
    filch_completion_queue *done;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    loop = epoll_create1(EPOLL_CLOEXEC);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    int listener = listen_on(argc > 1 ? atoi(argv[1]) : 0);
    if (listener < 0 || filch_completion_queue_open(&done) != 0)
        return perror("epoll"), EXIT_FAILURE;
    filch_with (ex, .name = "epoll", .when_full = FILCH_REJECT) {
        serve(listener, signals, ex, done);
    }
    filch_completion_queue_close(done);
    return EXIT_SUCCESS;
}
