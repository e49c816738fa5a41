/* The simulated world of one seed: its clock, its events in the order of virtual time (those of one moment in an order
 * that the seed chooses), its chance, a hash of all that happened, and how a broken invariant is told. Engine, names,
 * server and workload (the other files of tests/sim) are made of it. Nothing here knows of the library but base/. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/rng.h"
#include "sim/sim_cover.h"

#define SIM_MS ((uint64_t)1000000)
#define SIM_SECOND (1000 * SIM_MS)
#define SIM_NEVER UINT64_MAX

/* Something that will happen; lies in its owner's struct. */
struct sim_event {
    uint64_t when_ns, tie, order;
    void (*fire)(struct sim_event *e);
    size_t index; /* 1 + place in the heap; 0: it does not wait */
};

/* What the network of a seed is like. Chances are of a thousand. */
struct sim_net {
    uint64_t quantum_ns; /* latencies are multiples of it: large ones make many things happen in one moment */
    uint64_t latency_min_ns, latency_max_ns;
    size_t segment_max;     /* bytes that arrive together */
    size_t read_max;        /* bytes that a read gives at most */
    unsigned sync_read;     /* a read completes before its submit returns, where there is something */
    unsigned late_write;    /* a write takes only a part at first, and completes later */
    unsigned reset;         /* a connection is reset at some byte */
    unsigned reset_request; /* a connection is reset when a part of a request arrives */
    unsigned close_on_reuse;
    unsigned unasked;     /* a server says something on an idle connection, and closes it */
    uint64_t idle_max_ns; /* how long a server keeps an idle connection, at most; 0: for ever */
    bool idle_watched;
    unsigned leaps;      /* of the clock: the machine sleeps so many times */
    uint64_t leap_apart; /* events between two of them, at most */
};

struct sim {
    uint64_t seed;
    struct rng rng;
    struct sim_net net;
    const uint64_t *now_ns; /* the engine's clock, or: */
    uint64_t ended_ns;      /* what it was when the engine was freed */
    uint64_t leapt_ns;      /* how much of it was leapt over so far */
    uint64_t timer_lag_ns;  /* timers fire so much too late: a planted mistake */
    uint64_t hash;
    uint64_t events; /* fired, timers and steps included */
    bool verbose;
    char replay[120];        /* what a replay needs beside the seed */
    struct sim_cover *cover; /* of all runs; not NULL */
    struct sim_event **heap;
    size_t len, size;
    uint64_t order;
    /* Called after each event and each step of a coroutine: where a run may be cancelled. */
    void (*on_point)(void *arg);
    void *on_point_arg;
    /* Says where everything is stuck, before the program ends with a failure; may be NULL. */
    void (*describe)(void *arg);
    void *describe_arg;
};

void sim_init(struct sim *s, uint64_t seed, struct sim_cover *cover, bool verbose);
void sim_deinit(struct sim *s);

/* Lets e happen after so many nanoseconds; one that waits is moved. */
void sim_after(struct sim *s, struct sim_event *e, uint64_t delay_ns, void (*fire)(struct sim_event *e));
void sim_cancel(struct sim *s, struct sim_event *e);
/* When the next is; SIM_NEVER: none waits. */
uint64_t sim_next_ns(const struct sim *s);
/* Takes out the next, which exists. */
struct sim_event *sim_pop(struct sim *s);

/* A queue of bytes. */
struct sim_bytes {
    char *data;
    size_t start, len, size; /* len: from start on */
};
void sim_bytes_add(struct sim *s, struct sim_bytes *b, const void *data, size_t len);
/* Takes len bytes out, from the front. */
void sim_bytes_drop(struct sim_bytes *b, size_t len);

/* A latency of this network. */
uint64_t sim_latency(struct sim *s);
/* From 1 to len (0 for 0): mostly as much as the network takes at once, sometimes less. */
size_t sim_portion(struct sim *s, size_t max, size_t len);

/* The client met this. */
static inline void sim_met(struct sim *s, enum sim_met what)
{
    s->cover->met[what]++;
}

/* What happened: goes into the hash, and to standard output with --verbose. what: a constant, alike on every machine. */
void sim_note(struct sim *s, const char *what, uint64_t a, uint64_t b);

/* An invariant is broken: prints the seed, how to replay it, and what is wrong, and ends the program with 1. */
_Noreturn void sim_fail(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Memory of the test itself; never NULL. */
void *sim_alloc(struct sim *s, size_t size);

#endif
