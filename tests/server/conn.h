/* One connection of the demo server, as a coroutine: it is greeted (TLS), asked, answers, and so on until one side has
 * had enough. Over net/stream.h; started by main.c. */
#ifndef AFETCH_SERVER_CONN_H
#define AFETCH_SERVER_CONN_H

#include "engine/engine.h"

struct tls_config;

/* A new connection over sock, which is its own from now on; tls: how to greet, or NULL. Run conn_run with it; freed by
 * free when that has ended. NULL without memory (sock is the caller's still). */
struct co *conn_new(struct engine *e, struct sock *sock, struct tls_config *tls);
void conn_run(struct co *co);

#endif
