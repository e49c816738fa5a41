/* A tunnel through a SOCKS proxy: proto/socks.h's handshake over a stream to the proxy, which from then on is one to the
 * target. The target's name is looked up here where the kind wants an address. A coroutine over net/stream.h and
 * net/names.h. */
#ifndef AFETCH_NET_SOCKS_TUNNEL_H
#define AFETCH_NET_SOCKS_TUNNEL_H

#include "net/names.h"
#include "net/overrides.h"
#include "net/stream.h"
#include "proto/socks.h"

/* Set by the caller in a zeroed frame, which stays until the end. */
struct socks_tunnel {
    struct co co;
    struct stream *stream; /* to the proxy; stays the caller's */
    struct names *names;
    const struct overrides *overrides; /* NULL: none */
    enum socks_kind kind;
    const char *host; /* the target's name, or a literal without brackets */
    uint16_t port;
    const char *user, *password; /* NULL: none */
    struct error *err;
    /* socks_tunnel.c's */
    struct lookup lookup;
    struct addr address;
    bool known; /* address holds */
    const char *why;
    struct socks *socks;
};

/* By co_call(caller, &t->co, socks_tunnel_run). Ends with 0: the next byte on the stream is the target's; ERR_PROXY,
 * where the target's name cannot be looked up, too; ERR_MEMORY; each with its sentence in err. */
void socks_tunnel_run(struct co *co);

#endif
