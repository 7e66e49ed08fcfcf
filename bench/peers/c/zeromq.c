/* ZeroMQ in its own way: a ROUTER that answers each message with the same message. */

#include "peer.h"

#include <zmq.h>

/* Passes on every part of a message, the sender's name first. */
static void send_back(void *router) {
    int more = 1;
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, router, 0) < 0) {
            stop(zmq_strerror(errno));
        }
        more = zmq_msg_more(&part);
        if (zmq_msg_send(&part, router, more ? ZMQ_SNDMORE : 0) < 0) {
            zmq_msg_close(&part);
        }
    }
}

int main(int count, char **words) {
    raise_limit_of_files();
    if (!has_load(count, words, "echo")) {
        stop("no such load here");
    }
    const char *path = setting(count, words, "path");
    char endpoint[300] = "tcp://127.0.0.1:*";
    if (path != NULL) {
        snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    }
    void *context = zmq_ctx_new();
    /* It has threads of its own for I/O: one, on the same core. */
    zmq_ctx_set(context, ZMQ_IO_THREADS, 1);
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, zmq_ctx_get(context, ZMQ_SOCKET_LIMIT));
    void *router = zmq_socket(context, ZMQ_ROUTER);
    int backlog = 1024;
    zmq_setsockopt(router, ZMQ_BACKLOG, &backlog, sizeof backlog);
    if (zmq_bind(router, endpoint) != 0) {
        stop(zmq_strerror(errno));
    }
    size_t length = sizeof endpoint;
    zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &length);
    printf("listening %s\n", strstr(endpoint, "://") + 3);
    fflush(stdout);
    for (;;) {
        send_back(router);
    }
}
