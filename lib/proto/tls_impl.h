/* What the files of the TLS module share: the structs behind tls.h, and how a configuration and a connection of either
 * end are made. The serving end is in the tests (tests/server/tls_server.c), which use it through the same calls.
 * Includes mbedTLS, so only tls*.c may include it. */
#ifndef AFETCH_PROTO_TLS_IMPL_H
#define AFETCH_PROTO_TLS_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crl.h>
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
    mbedtls_x509_crl *crl;      /* NULL: none was given */
    mbedtls_x509_crt own;       /* what tls_config_set_identity set, */
    mbedtls_pk_context own_key; /* and its key */
    int *suites;                /* ended by 0 */
    uint16_t *groups;           /* likewise; NULL: our own */
    char *pins;                 /* NULL: none */
    void (*key_log)(void *arg, const char *line, size_t len);
    void *key_log_arg;
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
    bool pinned; /* the server's key was one of the pins */
};

/* How grave a reason for refusing a chain is: the gravest one is told. */
enum tls_rank {
    TLS_RANK_NONE,
    TLS_RANK_USAGE,
    TLS_RANK_NAME,
    TLS_RANK_DATE,
    TLS_RANK_LIST, /* of revocations: missing, or no good */
    TLS_RANK_WEAK,
    TLS_RANK_REVOKED,
    TLS_RANK_TRUST
};

/* Why the chain was refused: the gravest reason seen yet. */
struct tls_verdict {
    enum tls_rank rank;
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
    bool pinned;     /* the server's key is one of the pins */
    bool wants_1_2;  /* tls_wants_1_2 */
    bool only_1_2;   /* made by tls_new_1_2 */
    bool downgraded; /* the server says that it could have done better */
    int64_t not_after_s;
    const mbedtls_x509_crt *issuer; /* within mbedTLS's verification: the certificate that was shown before */
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

/* opt's suites in *out, which is the caller's, ended by 0; where it names none, those of ours, in its order, that are of
 * the version. ERR_MEMORY, ERR_CIPHER. */
int tls_suites_make(int **out, const struct tls_options *opt, const int *ours, struct error *err);
/* The groups of a list of names; likewise. */
int tls_groups_make(uint16_t **out, const char *names, struct error *err);

/* The pin of a SubjectPublicKeyInfo. ERR_INTERNAL. */
int tls_pin_make(char pin[TLS_PIN_MAX], const void *der, size_t len);
/* Whether the server's key is one of the configuration's pins, while its certificate is still there. 0 or ERR_PIN. */
int tls_check_pin(struct tls *t, struct error *err);

/* Has mbedTLS tell the secrets where anybody wants to know: for the key log, and for t->downgraded. */
void tls_watch_secrets(struct tls *t);

/* mbedTLS's verification callback; tls: struct tls. Adds our own checks to its flags and words the verdict. */
int tls_verify(void *tls, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

/* Whether the certificate is for t's host: 0, or a flag and the verdict. */
uint32_t tls_check_name(struct tls *t, const mbedtls_x509_crt *crt);

#define TLS_DATE_MAX 16

/* Words. A verdict takes the place of a less grave one. */
void tls_verdict(struct tls *t, enum tls_rank rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* In ASCII. */
char tls_lower(char c);
/* Bytes that a stranger chose, made fit for a terminal; as much as there is room for. */
void tls_printable(char *text, size_t size, const unsigned char *p, size_t len);
/* A distinguished name; of one that is too long the common name alone. */
const char *tls_dn(char *text, size_t size, const mbedtls_x509_name *name);
/* Seconds since 1970 (UTC; a date of the proleptic Gregorian calendar). */
int64_t tls_seconds(const mbedtls_x509_time *x);
/* "2026-11-20" */
const char *tls_date(char text[TLS_DATE_MAX], const mbedtls_x509_time *x);
/* "3 days", "1 hour" */
const char *tls_span(char *text, size_t size, int64_t s);

/* Sets err to what mbedTLS's code rc means for t, in a handshake; returns its code. */
int tls_explain(struct tls *t, int rc, struct error *err);
/* Whether mbedTLS's code rc stands for a lack of memory, in whichever of its modules. */
bool tls_lacks_memory(int rc);
/* mbedTLS's words for rc, or those for the alert that the peer sent. size: at least 1. */
const char *tls_describe(struct tls *t, int rc, char *text, size_t size);

#endif
