/* The third engine (lib/engine/engine.h): no loop and no sockets, only a virtual clock and what a seed lets happen. What
 * lies at the other end of the wire is given by struct sim_remote (sim_server.c). What a read lends is wiped and freed as
 * soon as the rule of engine.h ends it, so that whoever looks at it later is found out. */
#ifndef TESTS_SIM_ENGINE_H
#define TESTS_SIM_ENGINE_H

#include "engine/engine.h"
#include "sim/sim.h"

/* What a connect will meet. */
struct sim_fate {
    int sys; /* errno; 0: it will be connected */
    uint64_t delay_ns;
    bool at_once; /* before the submit returns */
};

/* What the client was told on a connection. */
enum sim_told {
    SIM_TOLD_BYTES,
    SIM_TOLD_END,
    SIM_TOLD_READ_ERROR,
    SIM_TOLD_WRITE_ERROR,
    /* sim_tls.c's: */
    SIM_TOLD_CUT,    /* an end of TLS that is none */
    SIM_TOLD_BROKEN, /* what no client can make sense of */
};

/* The other end. peer is what opened returned. */
struct sim_remote {
    void *arg;
    struct sim_fate (*fate)(void *arg, const struct addr *to);
    void *(*opened)(void *arg, struct sock *s, const struct addr *to);
    /* The client begins to write; the bytes arrive later, in parts, if they do. */
    void (*writing)(void *peer, const char *data, size_t len);
    void (*arrived)(void *peer, const char *data, size_t len);
    void (*told)(void *peer, enum sim_told what, size_t len);
    /* The client closed; s and peer must not be used any more. */
    void (*closed)(void *peer);
};

struct sim_engine_counts {
    size_t open;    /* sockets */
    size_t pending; /* operations */
    uint64_t lends;
};

/* remote must stay until the engine is freed. NULL without memory. counts: kept up to date, and right after the engine
 * is gone: what it then holds was left open. */
struct engine *sim_engine_new(struct sim *s, const struct sim_remote *remote, struct sim_engine_counts *counts);

/* From the remote: bytes, the orderly end, a reset arrive at the client now. */
void sim_socket_send(struct sock *s, const void *data, size_t len);
void sim_socket_end(struct sock *s);
void sim_socket_reset(struct sock *s);
/* Something has arrived that the client has not read. */
bool sim_socket_has_news(const struct sock *s);

#endif
