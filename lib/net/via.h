/* A proxy on the way of a dial: where it is, and how it is made to lead to the target. On the heap and of its dial's life
 * alone, so that who goes straight, or has arrived, holds nothing of it. */
#ifndef AFETCH_NET_VIA_H
#define AFETCH_NET_VIA_H

#include "net/http_tunnel.h"
#include "net/socks_tunnel.h"
#include "proto/tls.h"

enum via_kind {
    VIA_FORWARD, /* the proxy gets the request itself: the dial ends there */
    VIA_CONNECT,
    VIA_SOCKS
};

/* Set by the caller; what is lent stays until the dial has ended. */
struct via {
    enum via_kind kind;
    const char *host, *zone; /* the proxy's: a name, or a literal without brackets */
    uint16_t port;
    const char *unix_socket;    /* the path of its socket, in place of a port; NULL: none */
    struct tls_config *tls;     /* to the proxy; NULL: plain */
    struct tls_session *resume; /* a ticket to offer to the proxy, or NULL; the dial frees it */
    union {                     /* ready but for what the dial knows: stream, names, host, port, err */
        struct http_tunnel connect;
        struct socks_tunnel socks;
    } u;
};

#endif
