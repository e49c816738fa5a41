/* What a request says to the proxy on its way: the CONNECT that asks for a tunnel, and what a forwarded request has beside
 * what the server is told. Nothing of it reaches the server, nor the other way round. */
#ifndef AFETCH_FETCH_PROXYING_H
#define AFETCH_FETCH_PROXYING_H

#include "net/stream.h"
#include "net/via.h"

struct afetch_request;

/* Once r has its route, before its first try there: who asks the proxy. 0, or an error that is in r->err. */
int proxying_prepare(struct afetch_request *r);
/* The proxy on r's way, for a dial: allocated, for the dial to own; NULL where there is none. r must outlive it. 0, or
 * an error that is in r->err. */
int proxying_via(struct via **out, struct afetch_request *r);

/* The absolute form that a forwarding proxy is asked for (RFC 9112 section 3.2.2), allocated: the caller's. NULL without
 * memory. */
char *proxying_target(const struct afetch_request *r);
/* At the head of a response: 1 if it is a forwarding proxy's that asks for what the next try then shows; 0 if not;
 * ERR_MEMORY, ERR_INTERNAL. */
int proxying_challenged(struct afetch_request *r, const struct http1 *response);
/* As credentials_await_challenge, of a forwarding proxy. */
bool proxying_awaits_challenge(const struct afetch_request *r);
/* A forwarding proxy says in the response, whose head was read, that it closes the connection after it. */
bool proxying_ends(const struct afetch_request *r, const struct http1 *response);

/* The TLS of a connection's stream to the server, and to the proxy; NULL: there is none. */
struct tls *proxying_server_tls(const struct afetch_request *r, struct stream *s);
struct tls *proxying_proxy_tls(const struct afetch_request *r, struct stream *s);

#endif
