/* The client's side of a SOCKS proxy's handshake: 4, 4a, 5 (RFC 1928) and user and password within 5 (RFC 1929).
 * Sans-IO: bytes in, bytes out. Includes base/ alone. One struct a connection; used by one thread at a time.
 *
 *     while ((status = socks_status(s)) != SOCKS_DONE)
 *         SOCKS_SEND:    send what socks_output gives, then socks_sent
 *         SOCKS_RECEIVE: read, socks_feed; at the end of the stream socks_eof
 */
#ifndef AFETCH_PROTO_SOCKS_H
#define AFETCH_PROTO_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum socks_kind {
    SOCKS_4,  /* an IPv4 address */
    SOCKS_4A, /* a name that the proxy looks up */
    SOCKS_5,  /* an address */
    SOCKS_5H  /* a name that the proxy looks up, or an address where it is one */
};

/* Whether the proxy looks the name up; else the caller does, before socks_new. */
bool socks_takes_name(enum socks_kind kind);

struct socks_target {
    const char *host;    /* name or address in text, without brackets; for SOCKS_4A and 5H, and for errors */
    const void *address; /* for SOCKS_4 and SOCKS_5: in network order */
    size_t address_len;  /* 4 or 16 bytes (SOCKS_4: 4) */
    uint16_t port;
    const char *user;     /* NULL: nobody; for version 4 the user id */
    const char *password; /* of version 5; NULL counts as empty */
};

enum socks_status {
    SOCKS_DONE,    /* the connection leads to the target: the next byte is the next layer's */
    SOCKS_SEND,    /* socks_output has bytes for the proxy */
    SOCKS_RECEIVE, /* the proxy is to answer */
};

struct socks; /* opaque: about two kilobytes, of use until SOCKS_DONE only */

/* A handshake; nothing of target is kept. ERR_PROXY where the host, user or password is too long (255 bytes), or
 * version 4 gets an IPv6 address; ERR_MEMORY. err: where particulars go, may be NULL. */
int socks_new(struct socks **out, enum socks_kind kind, const struct socks_target *target, struct error *err);
void socks_free(struct socks *s);

/* One of enum socks_status, or the error of socks_feed. */
int socks_status(const struct socks *s);

/* Bytes to send. They stay put until they are sent. */
const void *socks_output(const struct socks *s, size_t *len);
void socks_sent(struct socks *s, size_t len);

/* Takes in what arrived; legal while the status is SOCKS_RECEIVE. *used: bytes that were the handshake's; the rest, if any, are the next layer's (the status is
 * SOCKS_DONE then). Returns the new status. ERR_PROXY: the proxy refused, or speaks something else; a sentence in err. */
int socks_feed(struct socks *s, const void *data, size_t len, size_t *used, struct error *err);
/* The proxy closed the connection within the handshake: ERR_PROXY. */
int socks_eof(struct socks *s, struct error *err);

#endif
