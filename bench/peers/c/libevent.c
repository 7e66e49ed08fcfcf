/* libevent: streams, by its buffered events, that are sent back or to all, and datagrams that are
 * sent back; wakes and timeouts. */

#include "peer.h"
#include "wakes.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/thread.h>

static size_t size;
static char *buffer;
static bool nodelay;
static bool broadcast;

/* Somebody to be told what all say. */
typedef struct member {
    LIST_ENTRY(member) entry;
    struct bufferevent *stream;
} member;

static LIST_HEAD(, member) members;

/* Moves what came in to what goes out; nothing is copied. */
static void on_read(struct bufferevent *stream, void *context) {
    (void)context;
    bufferevent_write_buffer(stream, bufferevent_get_input(stream));
}

static void tell_all(struct bufferevent *stream, void *context) {
    (void)context;
    size_t count;
    while ((count = bufferevent_read(stream, buffer, size)) > 0) {
        member *one;
        LIST_FOREACH(one, &members, entry) {
            bufferevent_write(one->stream, buffer, count);
        }
    }
}

/* The context is a member of the audience, if there is one. */
static void on_event(struct bufferevent *stream, short events, void *context) {
    member *one = context;
    if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        if (one != NULL) {
            LIST_REMOVE(one, entry);
            free(one);
        }
        bufferevent_free(stream);
    }
}

static void on_connection(
    struct evconnlistener *listener,
    evutil_socket_t fd,
    struct sockaddr *peer,
    int length,
    void *context
) {
    (void)listener;
    (void)peer;
    (void)length;
    if (nodelay) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    struct bufferevent *stream = bufferevent_socket_new(context, fd, BEV_OPT_CLOSE_ON_FREE);
    if (broadcast) {
        member *one = malloc(sizeof *one);
        one->stream = stream;
        LIST_INSERT_HEAD(&members, one, entry);
        bufferevent_setcb(stream, tell_all, NULL, on_event, one);
    } else {
        bufferevent_setcb(stream, on_read, NULL, on_event, NULL);
    }
    bufferevent_set_max_single_read(stream, size);
    bufferevent_set_max_single_write(stream, size);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
}

static void on_datagram(evutil_socket_t fd, short events, void *context) {
    (void)events;
    (void)context;
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    ssize_t count;
    while ((count = recvfrom(fd, buffer, size, 0, (void *)&peer, &length)) >= 0) {
        /* What finds no room is dropped, as datagrams may be. */
        sendto(fd, buffer, count, 0, (void *)&peer, length);
    }
}

struct waitable {
    struct event_base *base;
    struct event *async, *timer;
    bool is_woken, is_over;
};

static void on_wake(evutil_socket_t fd, short events, void *context) {
    (void)fd;
    (void)events;
    ((waitable *)context)->is_woken = true;
}

static void on_timeout(evutil_socket_t fd, short events, void *context) {
    (void)fd;
    (void)events;
    ((waitable *)context)->is_over = true;
}

static waitable *new_waitable(void) {
    waitable *one = calloc(1, sizeof *one);
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    evthread_use_pthreads();
    one->base = event_base_new_with_config(config);
    one->async = event_new(one->base, -1, EV_PERSIST, on_wake, one);
    one->timer = evtimer_new(one->base, on_timeout, one);
    event_config_free(config);
    return one;
}

static void wake(waitable *one) { event_active(one->async, EV_READ, 0); }

static void wait_for_wake(waitable *one) {
    while (!one->is_woken) {
        event_base_loop(one->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    }
    one->is_woken = false;
}

static void wait_for_timeout(waitable *one, unsigned microseconds) {
    struct timeval timeout = {.tv_usec = microseconds};
    one->is_over = false;
    evtimer_add(one->timer, &timeout);
    while (!one->is_over) {
        event_base_loop(one->base, EVLOOP_ONCE);
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
    nodelay = path == NULL;
    struct event_base *base = event_base_new();
    broadcast = has_load(count, words, "broadcast");
    if (broadcast || has_load(count, words, "echo")) {
        int fd = bound_socket(SOCK_STREAM, path);
        evconnlistener_new(base, on_connection, base, LEV_OPT_CLOSE_ON_FREE, 0, fd);
        listening(fd, path);
    } else if (has_load(count, words, "datagrams")) {
        int fd = bound_socket(SOCK_DGRAM, NULL);
        event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_datagram, NULL), NULL);
        listening(fd, NULL);
    } else {
        stop("no such load here");
    }
    return event_base_dispatch(base);
}
