/* TLS 1.2 and 1.3 by mbedTLS, sans-IO: ciphertext in and out through memory. No header of mbedTLS is seen outside
 * tls*.c. Includes base/ alone. A tls_config is shared by all connections of a session (and by threads: read-only
 * after set-up, mbedTLS being built with threading); a struct tls belongs to one connection, one thread at a time. */
#ifndef AFETCH_PROTO_TLS_H
#define AFETCH_PROTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define TLS_PLAIN_MAX ((size_t)16 * 1024) /* the most plaintext one record carries */

struct tls_config;
struct tls_session; /* a ticket to resume with */
struct tls;

struct tls_options {
    bool insecure;       /* -k: accept any certificate and name */
    const char *alpn[4]; /* NULL-terminated; strings must outlive the config */
    int min_minor;       /* 2 or 3 for TLS 1.2 and 1.3; 0: 2 */
    int max_minor;       /* likewise; 0: 3 */
    /* Cipher suites of TLS 1.2 and of 1.3, by the names of IANA or OpenSSL, and groups ("X25519:P-256"); separated by
     * colons, preferred first. NULL: our own choice. */
    const char *ciphers, *ciphers_1_3, *groups;
    const char *pins; /* "sha256//BASE64;sha256//…": the server's public key must be one; NULL: any. Also if insecure */
    /* Given each secret as a line of NSS's key log, its line end included; NULL: not. On the thread of a connection. */
    void (*key_log)(void *arg, const char *line, size_t len);
    void *key_log_arg;
};

/* A file's bytes, lent. */
struct tls_file {
    const void *data;
    size_t len;
    const char *name; /* for errors */
    bool der;         /* not PEM */
};

/* A client configuration without trust. Runs psa_crypto_init once a process (thread-safe). What opt points to is copied,
 * but for alpn. ERR_MEMORY, ERR_TLS, ERR_CIPHER where a list names nothing that is known. */
int tls_config_new(struct tls_config **out, const struct tls_options *opt, struct error *err);
void tls_config_free(struct tls_config *c);

/* Adds the certificates of PEM (one or many, comments between) or DER bytes to the trust store. what: the file's name
 * for errors. Certificates that cannot be parsed are skipped; ERR_TRUST only if none could be. */
int tls_config_add_trust(struct tls_config *c, const void *data, size_t len, const char *what, struct error *err);
/* Number of trusted certificates. */
size_t tls_config_trust_count(const struct tls_config *c);

/* The certificate that the client shows where a server asks for one, its issuers behind it in PEM, and its key, which may
 * be in the same file. password: of a key that is encrypted, or NULL. ERR_MEMORY, ERR_CLIENT_CERT. Once, and before the
 * first connection, as the next. */
int tls_config_set_identity(struct tls_config *c, const struct tls_file *cert, const struct tls_file *key,
                            const char *password, struct error *err);
/* Revocation lists, PEM (one or many) or DER. From then on each certificate of a chain, but for its root, must be in a
 * list's scope and not revoked by it. ERR_MEMORY, ERR_CRL. */
int tls_config_add_crl(struct tls_config *c, const struct tls_file *f, struct error *err);

#define TLS_PIN_MAX 56 /* bytes of a pin with its NUL */

/* The pin of a public key in a file's bytes, PEM or DER. ERR_MEMORY, ERR_TLS, ERR_INTERNAL. */
int tls_pin_of_key(char pin[TLS_PIN_MAX], const void *data, size_t len, struct error *err);

/* One client connection. host: the name to verify and to send as SNI, in ASCII (punycode); an IP literal, IPv6 with or
 * without brackets, is verified against iPAddress names and sends no SNI. resume: a session to offer, or NULL; copied.
 * It is offered only where it was made with this configuration, for this host, and its certificates have not expired
 * since; else it is ignored. A ticket of TLS 1.3 should be offered once only (RFC 8446 C.4). ERR_MEMORY, ERR_TLS. */
int tls_new(struct tls **out, struct tls_config *c, const char *host, const struct tls_session *resume,
            struct error *err);
void tls_free(struct tls *t);

/* After a handshake that failed: whether the server does TLS 1.2 and signed in a way that mbedTLS knows in 1.3 alone
 * (RSA-PSS, which such servers choose where they go by their own order). Another connection made by tls_new_1_2, which
 * offers none of that, will do; one that an attacker brought about so is found out and refused (RFC 8446 4.1.3). */
bool tls_wants_1_2(const struct tls *t);
int tls_new_1_2(struct tls **out, struct tls_config *c, const char *host, struct error *err);

/* What the calls below say. Negative: an error code. */
enum tls_status {
    TLS_OK,         /* done: the handshake is over; or *len plaintext bytes were given; or the write was taken */
    TLS_WANT_INPUT, /* every byte of input is used: flush the output, read ciphertext and give it by tls_input */
    TLS_WANT_FLUSH, /* tls_output holds bytes that must be sent before the same call is repeated with the same bytes */
    TLS_END,        /* close_notify was read: an orderly end */
};

/* Hands in ciphertext. The bytes must stay put until a call says TLS_WANT_INPUT (tls_left is 0 then); or be moved with
 * tls_move. Legal only when tls_left is 0. After an error the rest of the input may be dropped. */
void tls_input(struct tls *t, const void *data, size_t len);
size_t tls_left(const struct tls *t);           /* input bytes not used yet */
void tls_move(struct tls *t, const void *data); /* the unused bytes lie at data now */
/* The peer closed the transport. The calls then say TLS_END after close_notify, else fail with ERR_TLS in a handshake
 * and with ERR_RECV ("closed without close_notify") after it, once the input is used up. */
void tls_input_eof(struct tls *t);

/* Ciphertext to send; tls_sent drops what was sent. The bytes stay put, and the answer the same, until tls_sent has
 * dropped them all, whatever is called meanwhile; there may be more then. */
const void *tls_output(struct tls *t, size_t *len);
void tls_sent(struct tls *t, size_t len);

/* Call again as each status asks. On success the chain and the name are verified (unless insecure), the pins are met,
 * and the output may hold our last flight. Errors: ERR_MEMORY, ERR_TLS, ERR_PIN, or ERR_CERT with a sentence that says
 * what is wrong with which certificate (the server's own, if it names none). After an error the output may hold a fatal alert: send it if that needs no waiting, then close. */
int tls_handshake(struct tls *t, struct error *err);

/* Decrypts into plain (size bytes, at least 1). TLS_OK: *len bytes, at least 1. Tickets are taken in on the way.
 * ERR_RECV: the peer sent an alert or what isn't a valid record, or closed without close_notify. */
int tls_read(struct tls *t, void *plain, size_t size, size_t *len, struct error *err);

/* Encrypts up to *len bytes (at least 1); *len says how many were taken (at least 1) with TLS_OK. The output grows with
 * each call and must be flushed; with much of it unsent nothing is taken and TLS_WANT_FLUSH is said. ERR_SEND. */
int tls_write(struct tls *t, const void *plain, size_t *len, struct error *err);

/* Queues close_notify in the output, once; nothing before the handshake is over or after a failure. */
void tls_close_notify(struct tls *t);

/* After the handshake. */
const char *tls_version(const struct tls *t); /* "TLSv1.3" */
const char *tls_cipher(const struct tls *t);  /* "TLS1-3-AES-128-GCM-SHA256", mbedTLS's name */
const char *tls_alpn(const struct tls *t);    /* the agreed protocol, or NULL */
bool tls_resumed(const struct tls *t);        /* by a ticket: no certificate was sent again */

/* The newest ticket, if one came since the last call (TLS 1.2: at the end of the handshake; 1.3: with reads), else
 * NULL. The caller's, to be freed with tls_session_free; read-only from then on, so threads may share it. */
struct tls_session *tls_take_session(struct tls *t);
void tls_session_free(struct tls_session *s);

/* Library version, "Mbed TLS 3.6.6". */
const char *tls_library(void);

#endif
