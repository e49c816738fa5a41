/* What the simulator's engine and its sockets share. Private to sim_engine.c and sim_socket.c. */
#ifndef TESTS_SIM_SOCKET_H
#define TESTS_SIM_SOCKET_H

#include "sim/sim_engine.h"

struct sim_engine {
    struct engine engine; /* first */
    struct sim *sim;
    const struct sim_remote *remote;
    struct sim_engine_counts *counts;
    struct sim_event wake;
    size_t lent_len;
    bool lends, has_buffer;
    struct sock *all;
    uint64_t ids;
    uint64_t next_leap; /* at this number of events */
    bool bytes_first;   /* what is due by now comes before the timers */
};

#define SIM_OF(type, member, pointer) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A rule of engine.h, which the library must keep. */
void sim_engine_require(struct sim_engine *e, bool holds, const char *what);

/* What a read lends: a copy of exactly that size, so that who looks behind it is found, too. NULL where a
 * real engine would have no memory for its buffer. */
char *sim_engine_lend(struct sim_engine *e, const char *data, size_t len);

/* All but what an engine without sockets would have, too. */
extern const struct engine_ops sim_socket_ops;

#endif
