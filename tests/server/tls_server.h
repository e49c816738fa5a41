/* The serving half of TLS, sans-IO, for the demo server, the unit tests and the simulator: a configuration and a
 * connection made here are used with the very calls of proto/tls.h (input, output, handshake, read, write, free). */
#ifndef AFETCH_TESTS_TLS_SERVER_H
#define AFETCH_TESTS_TLS_SERVER_H

#include <stdbool.h>

#include "proto/tls.h"

struct tls_server_options {
    const char *cert;    /* PEM: the server's certificate first, its issuers behind */
    const char *key;     /* PEM */
    bool tickets;        /* resume by tickets, which are sent in both versions */
    int min_minor;       /* as in struct tls_options */
    int max_minor;       /* likewise */
    const char *alpn[4]; /* NULL-terminated, preferred first; must outlive the configuration */
};

/* A serving configuration; the PEM texts are copied. Freed by tls_config_free. Shared by connections and threads.
 * ERR_MEMORY, ERR_TLS. */
int tls_server_config_new(struct tls_config **out, const struct tls_server_options *opt, struct error *err);

/* One connection that was accepted. */
int tls_server_new(struct tls **out, struct tls_config *c, struct error *err);

#endif
