/* From an origin to a stream that is ready for a request: names, the race of addresses, a proxy's tunnel, TLS. A
 * coroutine. */
#ifndef AFETCH_NET_DIAL_H
#define AFETCH_NET_DIAL_H

#include "net/gate.h"
#include "net/race.h"
#include "net/stream.h"
#include "net/unix_socket.h"
#include "net/via.h"
#include "proto/tls.h"

struct dial_times {
    uint64_t resolved_ns, connected_ns, secured_ns; /* on the engine's clock; 0: it did not happen */
};

/* What is laid over the connection, from below. */
enum dial_layer { DIAL_TCP, DIAL_PROXY_TLS, DIAL_TUNNEL, DIAL_TLS, DIAL_READY };

/* Set by the caller in a zeroed frame, which stays until the end. */
struct dial {
    struct co co;
    struct engine *engine;
    struct names *names;
    struct gate *gate;                 /* for handshakes */
    const struct overrides *overrides; /* NULL: none */
    const char *host, *zone;           /* what to connect to, unless that is overrides' Unix domain socket */
    uint16_t port;
    struct tls_config *tls;     /* NULL: plain */
    const char *tls_host;       /* whose certificate is wanted */
    struct tls_session *resume; /* a ticket to offer, or NULL; the dial's */
    struct via *via;            /* a proxy on the way, or NULL; the dial's */
    uint64_t timeout_ns;        /* for all together, but for waiting at the gate; 0: none */
    struct error *err;
    struct stream **stream; /* where the stream goes as the dial ends; the caller's from then on */
    struct addr *peer;      /* the proxy's, where there is one */
    struct dial_times *times;
    /* dial.c's */
    struct deadline deadline;
    uint64_t left_ns, since_ns; /* of the clock; since when it runs */
    enum dial_layer layer;      /* the topmost one, or the one in the making */
    bool only_1_2, proxy_only_1_2;
    struct sock *sock;
    struct stream *made;
    union {
        struct race race;
        struct unix_connect local;
        struct {
            struct gate_pass pass;
            struct tls_open open;
        } secure;
    } u;
};

/* By co_call(caller, &d->co, dial_run). Ends with 0, or an error with its sentence in err (ERR_RESOLVE, ERR_CONNECT,
 * ERR_TLS, ERR_CERT, ERR_MEMORY; with a proxy ERR_PROXY_RESOLVE, and what its tunnel ends with; ERR_TIMEOUT when
 * timeout_ns passed), or the reason it was cancelled for. */
void dial_run(struct co *co);
/* Frees what it was given: for one that never ran. */
void dial_deinit(struct dial *d);

#endif
