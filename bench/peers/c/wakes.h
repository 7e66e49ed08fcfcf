/* Loads between threads and with timeouts, for every library with a loop: it defines what is
 * declared here. The loads end by themselves and print lines of `name value`. */

#ifndef WAKES_H
#define WAKES_H

#include "peer.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

/* A loop with something that other threads wake it by. */
typedef struct waitable waitable;

static waitable *new_waitable(void);
static void wake(waitable *one);
/* Returns once the loop has been woken. */
static void wait_for_wake(waitable *one);
static void wait_for_timeout(waitable *one, unsigned microseconds);

static inline uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    /* A machine that lacks it measures all the same. */
    sched_setaffinity(0, sizeof set, &set);
}

static inline void wake_pending(unsigned long repetitions) {
    waitable *one = new_waitable();
    wake(one);
    uint64_t start = nanoseconds();
    for (unsigned long at = 0; at < repetitions; at++) {
        wake(one);
    }
    printf("nanoseconds %f\n", (double)(nanoseconds() - start) / repetitions);
}

typedef struct {
    waitable *here, *there;
    unsigned long repetitions;
    bool apart;
} round_trip;

static inline void *other_side(void *context) {
    round_trip *trip = context;
    if (trip->apart) {
        pin(1);
    }
    for (unsigned long at = 0; at < trip->repetitions; at++) {
        wait_for_wake(trip->there);
        wake(trip->here);
    }
    return NULL;
}

/* Two threads, each asleep in its loop until the other wakes it. */
static inline void wake_round_trip(unsigned long repetitions, bool apart) {
    round_trip trip = {new_waitable(), new_waitable(), repetitions, apart};
    pthread_t other;
    if (pthread_create(&other, NULL, other_side, &trip) != 0) {
        stop("pthread_create");
    }
    if (apart) {
        pin(0);
    }
    uint64_t start = nanoseconds();
    for (unsigned long at = 0; at < repetitions; at++) {
        wake(trip.there);
        wait_for_wake(trip.here);
    }
    printf("nanoseconds %f\n", (double)(nanoseconds() - start) / repetitions);
    pthread_join(other, NULL);
}

static inline int compare(const void *left, const void *right) {
    uint64_t one = *(const uint64_t *)left, other = *(const uint64_t *)right;
    return (one > other) - (one < other);
}

static inline void timeouts(unsigned long repetitions, unsigned microseconds) {
    waitable *one = new_waitable();
    uint64_t *waits = calloc(repetitions, sizeof *waits);
    for (unsigned long at = 0; at < repetitions; at++) {
        uint64_t start = nanoseconds();
        wait_for_timeout(one, microseconds);
        waits[at] = nanoseconds() - start;
    }
    qsort(waits, repetitions, sizeof *waits, compare);
    printf("p50_microseconds %f\n", waits[(repetitions - 1) / 2] / 1000.0);
    printf("p99_microseconds %f\n", waits[(repetitions - 1) * 99 / 100] / 1000.0);
}

static inline unsigned long number(int count, char **words, const char *name) {
    const char *value = setting(count, words, name);
    if (value == NULL) {
        stop("a setting is missing");
    }
    return strtoul(value, NULL, 10);
}

/* Runs the load if it is one of these. */
static inline bool run_wakes(int count, char **words) {
    if (has_load(count, words, "wake-pending")) {
        wake_pending(number(count, words, "count"));
    } else if (has_load(count, words, "wake-round-trip")) {
        bool apart = setting(count, words, "apart") != NULL;
        wake_round_trip(number(count, words, "count"), apart);
    } else if (has_load(count, words, "timeouts")) {
        timeouts(number(count, words, "count"), number(count, words, "microseconds"));
    } else {
        return false;
    }
    return true;
}

#endif
