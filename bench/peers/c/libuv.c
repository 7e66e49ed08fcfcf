/* libuv: streams that are sent back or to all, and datagrams that are sent back; wakes and
 * timeouts. */

#include "peer.h"
#include "wakes.h"

#include <uv.h>

static size_t size;
/* One thread reads at a time, and what was read is written before it goes on. */
static char *buffer;
/* Whether what one says is told to all. */
static bool broadcast;

typedef struct connection {
    LIST_ENTRY(connection) entry;
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle;
} connection;

static LIST_HEAD(, connection) connections;

/* What could not be written at once. */
typedef struct {
    uv_write_t request;
    char bytes[];
} backlog;

static void check(int result, const char *what) {
    if (result < 0) {
        stop(what);
    }
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(buffer, size);
}

static void closed(uv_handle_t *handle) { free(handle->data); }

static void end(uv_stream_t *stream) {
    if (!uv_is_closing((uv_handle_t *)stream)) {
        connection *one = stream->data;
        LIST_REMOVE(one, entry);
        uv_close((uv_handle_t *)stream, closed);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read);

static void written(uv_write_t *request, int status) {
    uv_stream_t *stream = request->handle;
    free(request->data);
    if (status < 0) {
        end(stream);
        return;
    }
    uv_read_start(stream, give_buffer, on_read);
}

/* Keeps what finds no room, and reads nothing until it is written. */
static void write_later(uv_stream_t *stream, const char *bytes, size_t count) {
    backlog *rest = malloc(sizeof *rest + count);
    memcpy(rest->bytes, bytes, count);
    rest->request.data = rest;
    uv_read_stop(stream);
    uv_buf_t out = uv_buf_init(rest->bytes, count);
    check(uv_write(&rest->request, stream, &out, 1, written), "uv_write");
}

static void send_to(uv_stream_t *stream, char *bytes, ssize_t count) {
    uv_buf_t out = uv_buf_init(bytes, count);
    int sent = uv_try_write(stream, &out, 1);
    if (sent == UV_EAGAIN) {
        sent = 0;
    }
    if (sent < 0) {
        end(stream);
    } else if (sent < count) {
        write_later(stream, bytes + sent, count - sent);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read) {
    if (count < 0) {
        end(stream);
    } else if (count > 0 && !broadcast) {
        send_to(stream, read->base, count);
    } else if (count > 0) {
        connection *one = LIST_FIRST(&connections);
        while (one != NULL) {
            connection *next = LIST_NEXT(one, entry);
            send_to(&one->handle.stream, read->base, count);
            one = next;
        }
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    check(status, "listen");
    connection *one = calloc(1, sizeof *one);
    if (listener->type == UV_TCP) {
        check(uv_tcp_init(listener->loop, &one->handle.tcp), "uv_tcp_init");
    } else {
        check(uv_pipe_init(listener->loop, &one->handle.pipe, 0), "uv_pipe_init");
    }
    one->handle.stream.data = one;
    check(uv_accept(listener, &one->handle.stream), "uv_accept");
    LIST_INSERT_HEAD(&connections, one, entry);
    if (listener->type == UV_TCP) {
        uv_tcp_nodelay(&one->handle.tcp, 1);
    }
    check(uv_read_start(&one->handle.stream, give_buffer, on_read), "uv_read_start");
}

static void on_datagram(
    uv_udp_t *socket,
    ssize_t count,
    const uv_buf_t *read,
    const struct sockaddr *peer,
    unsigned flags
) {
    (void)flags;
    if (peer != NULL && count >= 0) {
        uv_buf_t out = uv_buf_init(read->base, count);
        /* What finds no room is dropped, as datagrams may be. */
        uv_udp_try_send(socket, &out, 1, peer);
    }
}

static void datagrams(uv_loop_t *loop) {
    static uv_udp_t socket;
    int fd = bound_socket(SOCK_DGRAM, NULL);
    check(uv_udp_init(loop, &socket), "uv_udp_init");
    check(uv_udp_open(&socket, fd), "uv_udp_open");
    check(uv_udp_recv_start(&socket, give_buffer, on_datagram), "uv_udp_recv_start");
    listening(fd, NULL);
}

static void streams(uv_loop_t *loop, const char *path) {
    static connection listener;
    int fd = bound_socket(SOCK_STREAM, path);
    if (path == NULL) {
        check(uv_tcp_init(loop, &listener.handle.tcp), "uv_tcp_init");
        check(uv_tcp_open(&listener.handle.tcp, fd), "uv_tcp_open");
    } else {
        check(uv_pipe_init(loop, &listener.handle.pipe, 0), "uv_pipe_init");
        check(uv_pipe_open(&listener.handle.pipe, fd), "uv_pipe_open");
    }
    check(uv_listen(&listener.handle.stream, 1024, on_connection), "uv_listen");
    listening(fd, path);
}

struct waitable {
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer;
    bool is_woken;
};

static void on_wake(uv_async_t *async) { ((waitable *)async->data)->is_woken = true; }

static void on_timeout(uv_timer_t *timer) { uv_stop(timer->loop); }

static waitable *new_waitable(void) {
    waitable *one = calloc(1, sizeof *one);
    check(uv_loop_init(&one->loop), "uv_loop_init");
    check(uv_async_init(&one->loop, &one->async, on_wake), "uv_async_init");
    check(uv_timer_init(&one->loop, &one->timer), "uv_timer_init");
    one->async.data = one->timer.data = one;
    return one;
}

static void wake(waitable *one) { uv_async_send(&one->async); }

static void wait_for_wake(waitable *one) {
    while (!one->is_woken) {
        uv_run(&one->loop, UV_RUN_ONCE);
    }
    one->is_woken = false;
}

/* Its timers count in milliseconds, and one of none is no wait. */
static void wait_for_timeout(waitable *one, unsigned microseconds) {
    uv_update_time(&one->loop);
    check(uv_timer_start(&one->timer, on_timeout, (microseconds + 999) / 1000, 0), "uv_timer");
    uv_run(&one->loop, UV_RUN_DEFAULT);
}

int main(int count, char **words) {
    raise_limit_of_files();
    if (run_wakes(count, words)) {
        return 0;
    }
    size = buffer_size(count, words);
    buffer = malloc(size);
    uv_loop_t *loop = uv_default_loop();
    broadcast = has_load(count, words, "broadcast");
    if (broadcast || has_load(count, words, "echo")) {
        streams(loop, setting(count, words, "path"));
    } else if (has_load(count, words, "datagrams")) {
        datagrams(loop);
    } else {
        stop("no such load here");
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
