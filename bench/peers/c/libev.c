/* libev: streams that are sent back or to all, and datagrams that are sent back; wakes and
 * timeouts. Its loop is level-triggered. */

#include "peer.h"
#include "wakes.h"

#include <ev.h>

static size_t size;
static char *buffer;
/* Whether what one says is told to all. */
static bool broadcast;

typedef struct connection {
    ev_io watcher;
    LIST_ENTRY(connection) entry;
    char *backlog;
    size_t length;
} connection;

static LIST_HEAD(, connection) connections;

static void drop_connection(struct ev_loop *loop, connection *one) {
    LIST_REMOVE(one, entry);
    ev_io_stop(loop, &one->watcher);
    close(one->watcher.fd);
    free(one->backlog);
    free(one);
}

static void watch(struct ev_loop *loop, connection *one, int events) {
    ev_io_stop(loop, &one->watcher);
    ev_io_modify(&one->watcher, events);
    ev_io_start(loop, &one->watcher);
}

static bool would_block(void) { return errno == EAGAIN || errno == EINTR; }

/* Keeps what finds no room, and reads nothing until it is written. */
static void write_later(struct ev_loop *loop, connection *one, const char *bytes, size_t count) {
    one->backlog = realloc(one->backlog, one->length + count);
    memcpy(one->backlog + one->length, bytes, count);
    one->length += count;
    watch(loop, one, EV_WRITE);
}

static void write_rest(struct ev_loop *loop, connection *one) {
    ssize_t sent = send(one->watcher.fd, one->backlog, one->length, MSG_NOSIGNAL);
    if (sent < 0) {
        if (!would_block()) {
            drop_connection(loop, one);
        }
        return;
    }
    one->length -= sent;
    memmove(one->backlog, one->backlog + sent, one->length);
    if (one->length == 0) {
        free(one->backlog);
        one->backlog = NULL;
        watch(loop, one, EV_READ);
    }
}

static void send_to(struct ev_loop *loop, connection *one, const char *bytes, ssize_t count) {
    ssize_t sent = one->length > 0 ? 0 : send(one->watcher.fd, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && !would_block()) {
        drop_connection(loop, one);
        return;
    }
    sent = sent < 0 ? 0 : sent;
    if (sent < count) {
        write_later(loop, one, bytes + sent, count - sent);
    }
}

static void on_stream(struct ev_loop *loop, ev_io *watcher, int events) {
    connection *one = (connection *)watcher;
    if (events & EV_WRITE) {
        write_rest(loop, one);
        return;
    }
    ssize_t count = recv(watcher->fd, buffer, size, 0);
    if (count <= 0) {
        if (count == 0 || !would_block()) {
            drop_connection(loop, one);
        }
        return;
    }
    if (!broadcast) {
        send_to(loop, one, buffer, count);
        return;
    }
    one = LIST_FIRST(&connections);
    while (one != NULL) {
        connection *next = LIST_NEXT(one, entry);
        send_to(loop, one, buffer, count);
        one = next;
    }
}

static void on_connection(struct ev_loop *loop, ev_io *watcher, int events) {
    (void)events;
    int fd;
    while ((fd = accept_next(watcher->fd, watcher->data == NULL)) >= 0) {
        connection *one = calloc(1, sizeof *one);
        LIST_INSERT_HEAD(&connections, one, entry);
        ev_io_init(&one->watcher, on_stream, fd, EV_READ);
        ev_io_start(loop, &one->watcher);
    }
}

static void on_datagram(struct ev_loop *loop, ev_io *watcher, int events) {
    (void)loop;
    (void)events;
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    ssize_t count;
    while ((count = recvfrom(watcher->fd, buffer, size, 0, (void *)&peer, &length)) >= 0) {
        /* What finds no room is dropped, as datagrams may be. */
        sendto(watcher->fd, buffer, count, 0, (void *)&peer, length);
    }
}

struct waitable {
    struct ev_loop *loop;
    ev_async async;
    ev_timer timer;
    bool is_woken, is_over;
};

static void on_wake(struct ev_loop *loop, ev_async *async, int events) {
    (void)loop;
    (void)events;
    ((waitable *)async->data)->is_woken = true;
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events) {
    (void)loop;
    (void)events;
    ((waitable *)timer->data)->is_over = true;
}

static waitable *new_waitable(void) {
    waitable *one = calloc(1, sizeof *one);
    one->loop = ev_loop_new(EVBACKEND_EPOLL);
    ev_async_init(&one->async, on_wake);
    ev_timer_init(&one->timer, on_timeout, 0, 0);
    one->async.data = one->timer.data = one;
    ev_async_start(one->loop, &one->async);
    return one;
}

static void wake(waitable *one) { ev_async_send(one->loop, &one->async); }

static void wait_for_wake(waitable *one) {
    while (!one->is_woken) {
        ev_run(one->loop, EVRUN_ONCE);
    }
    one->is_woken = false;
}

static void wait_for_timeout(waitable *one, unsigned microseconds) {
    one->is_over = false;
    ev_now_update(one->loop);
    ev_timer_set(&one->timer, microseconds / 1e6, 0);
    ev_timer_start(one->loop, &one->timer);
    while (!one->is_over) {
        ev_run(one->loop, EVRUN_ONCE);
    }
}

int main(int count, char **words) {
    raise_limit_of_files();
    if (run_wakes(count, words)) {
        return 0;
    }
    size = buffer_size(count, words);
    buffer = malloc(size);
    const char *path = setting(count, words, "path");
    struct ev_loop *loop = ev_default_loop(EVBACKEND_EPOLL);
    ev_io watcher;
    broadcast = has_load(count, words, "broadcast");
    if (broadcast || has_load(count, words, "echo")) {
        int fd = bound_socket(SOCK_STREAM, path);
        ev_io_init(&watcher, on_connection, fd, EV_READ);
        watcher.data = (void *)path;
    } else if (has_load(count, words, "datagrams")) {
        ev_io_init(&watcher, on_datagram, bound_socket(SOCK_DGRAM, NULL), EV_READ);
    } else {
        stop("no such load here");
    }
    ev_io_start(loop, &watcher);
    listening(watcher.fd, path);
    ev_run(loop, 0);
    return 0;
}
