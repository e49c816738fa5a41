/* A tunnel through an HTTP proxy: CONNECT (RFC 9110 section 9.3.6) over a stream to the proxy, which from then on is one
 * to the target. What is said, and whether a refusal is answered, is somebody else's: this sends and reads. A coroutine
 * over net/stream.h and proto/http1.h. */
#ifndef AFETCH_NET_HTTP_TUNNEL_H
#define AFETCH_NET_HTTP_TUNNEL_H

#include "base/buf.h"
#include "net/stream.h"
#include "proto/http1.h"

#define HTTP_TUNNEL_HEAD_MAX ((size_t)1024 * 1024)
#define HTTP_TUNNEL_DISCARD_MAX ((size_t)64 * 1024) /* of a refusal's body: else a new connection costs less */

struct http_tunnel_ops {
    /* Appends the whole head of a CONNECT to out. 0, or an error that is in err. */
    int (*ask)(void *arg, struct buf *out, struct error *err);
    /* A head that came, valid during the call: 1xx ones, then the answer. Of an answer that is no 2xx: 1 if ask has
     * more to show now, and CONNECT is to be sent again; 0 if that was all; an error that is in err. Else 0. */
    int (*answered)(void *arg, const struct http1 *response, struct error *err);
};

/* Set by the caller in a zeroed frame, which stays until the end. */
struct http_tunnel {
    struct co co;
    struct stream *stream; /* to the proxy; stays the caller's */
    const struct http_tunnel_ops *ops;
    void *arg;
    struct error *err;
    bool keep_heads; /* of the answers: http1_raw_head is wanted */
    /* Out: CONNECT is to be sent again, and on another connection; the coroutine ends with 0 then, too. */
    bool reconnect;
    /* http_tunnel.c's */
    struct http1 *http1;
    struct buf head;
    struct error reason; /* why the answer is none */
    bool again, repeats; /* CONNECT is to be sent once more; it was, on this connection */
    size_t discarded;
};

/* By co_call(caller, &t->co, http_tunnel_run). Ends with 0: the next byte on the stream is the target's (or reconnect is
 * set); ERR_TUNNEL where the proxy refuses; ERR_SEND, ERR_RECV; ERR_MEMORY; each with its sentence in err. */
void http_tunnel_run(struct co *co);

#endif
