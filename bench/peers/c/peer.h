/* What every program of a peer in C shares: its arguments and what it prints.
 *
 * A program is started as `PROGRAM LOAD name=value...`. It prints `listening ADDRESS` once it is
 * ready, and runs until it is killed. */

#ifndef PEER_H
#define PEER_H

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static inline void stop(const char *reason) {
    fprintf(stderr, "%s\n", reason);
    exit(2);
}

/* The value of a setting, or NULL. */
static inline const char *setting(int count, char **words, const char *name) {
    size_t length = strlen(name);
    for (int at = 2; at < count; at++) {
        if (strncmp(words[at], name, length) == 0 && words[at][length] == '=') {
            return words[at] + length + 1;
        }
    }
    return NULL;
}

static inline size_t buffer_size(int count, char **words) {
    const char *value = setting(count, words, "buffer");
    if (value == NULL) {
        stop("buffer=... is missing");
    }
    return strtoul(value, NULL, 10);
}

static inline bool has_load(int count, char **words, const char *load) {
    return count > 1 && strcmp(words[1], load) == 0;
}

static inline void listening(int fd, const char *path) {
    if (path != NULL) {
        printf("listening %s\n", path);
    } else {
        struct sockaddr_in address;
        socklen_t length = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
            stop("getsockname");
        }
        printf("listening 127.0.0.1:%d\n", ntohs(address.sin_port));
    }
    fflush(stdout);
}

/* A non-blocking socket that is bound to loopback and any port, or to a path. */
static inline int bound_socket(int type, const char *path) {
    int family = path != NULL ? AF_UNIX : AF_INET;
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        stop("socket");
    }
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in network = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int result;
    if (path != NULL) {
        snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
        result = bind(fd, (struct sockaddr *)&local, sizeof local);
    } else {
        result = bind(fd, (struct sockaddr *)&network, sizeof network);
    }
    if (result != 0 || (type == SOCK_STREAM && listen(fd, 1024) != 0)) {
        stop("bind");
    }
    return fd;
}

/* The next connection, non-blocking, or -1. */
static inline int accept_next(int listener, bool nodelay) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && nodelay) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return fd;
}

static inline void raise_limit_of_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

#endif
