/* What the files of the TLS module share: the structs behind tls.h, and how a configuration and a connection of either
 * end are made. The serving end is in the tests (tests/server/tls_server.c), which use it through the same calls.
 * Includes mbedTLS, so only tls*.c may include it. */
#ifndef AFETCH_PROTO_TLS_IMPL_H
#define AFETCH_PROTO_TLS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "base/buf.h"
#include "base/error.h"
#include "proto/tls.h"

#define TLS_OUTPUT_MAX ((size_t)64 * 1024) /* ciphertext that may wait to be sent; then TLS_WANT_FLUSH */

struct tls_config {
    mbedtls_ssl_config ssl;
    mbedtls_ssl_config ssl_1_2; /* for tls_new_1_2, where has_1_2 */
    mbedtls_x509_crt trust;
    size_t trust_count;
    const char *alpn[5]; /* NULL-terminated */
    uint64_t id;         /* never given twice: a session is resumed only under the configuration that made it */
    bool client, has_1_2;
    bool verify;                         /* refuse what tls_verify does not accept */
    void (*deinit)(struct tls_config *); /* what the serving end has beside this, or NULL */
};

struct tls_session {
    mbedtls_ssl_session ssl;
    char *host; /* as struct tls has it */
    uint64_t config_id;
    int64_t not_after_s; /* the chain's certificates are valid until then, seconds of wall clock */
    bool verified;
};

/* Why the chain was refused: the gravest reason seen yet. */
struct tls_verdict {
    int rank;   /* 0: none */
    char *text; /* particulars for ERR_CERT; NULL: none, or no memory */
};

struct tls {
    mbedtls_ssl_context ssl;
    struct tls_config *config;
    char *host; /* lower case, without brackets and final dot; NULL for the serving end */

    const unsigned char *in; /* lent */
    size_t in_left;
    struct buf out;  /* ciphertext is appended here */
    struct buf lent; /* what tls_output gave: stays put while it is being sent, whatever is appended meanwhile */
    size_t lent_sent;

    int failed; /* an error code once the connection is of no use any more */
    unsigned char ip[16];
    unsigned char ip_len;   /* 0: host is a name */
    unsigned char first[3]; /* how the peer's first record begins: is it TLS at all? */
    unsigned char first_len;
    bool eof;        /* the peer closed the transport */
    bool done;       /* the handshake is over */
    bool ended;      /* close_notify was read */
    bool closed;     /* close_notify was written */
    bool full;       /* a full handshake, with certificates, not a resumed one */
    bool offered;    /* a session was offered that was made by a verified handshake */
    bool refused;    /* tls_verify refused a certificate */
    bool verified;   /* tls_verify saw all of the chain and accepted it */
    bool has_ticket; /* for tls_take_session */
    bool wants_1_2;  /* tls_wants_1_2 */
    bool downgraded; /* the server says that it could have done better */
    int64_t not_after_s;
    struct tls_verdict verdict;
};

/* psa_crypto_init, unless it was done. Any thread. ERR_MEMORY, ERR_TLS. */
int tls_library_init(struct error *err);

/* A zeroed configuration of either end (config->client says which) gets its defaults; tls_config_teardown undoes it,
 * also after a failure. */
int tls_config_setup(struct tls_config *c, const struct tls_options *opt, struct error *err);
void tls_config_teardown(struct tls_config *c);

/* A connection of either end, no name set; conf: one of c's. */
int tls_make(struct tls **out, struct tls_config *c, const mbedtls_ssl_config *conf, struct error *err);

/* mbedTLS's verification callback; tls: struct tls. Adds our own checks to its flags and words the verdict. */
int tls_verify(void *tls, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* Sets err to what mbedTLS's code rc means for t, in a handshake; returns its code. */
int tls_explain(struct tls *t, int rc, struct error *err);
/* Whether mbedTLS's code rc stands for a lack of memory, in whichever of its modules. */
bool tls_lacks_memory(int rc);
/* mbedTLS's words for rc, or those for the alert that the peer sent. size: at least 1. */
const char *tls_describe(struct tls *t, int rc, char *text, size_t size);

#endif
