/* Content codings taken off a body as it streams (RFC 9110 section 8.4): gzip, deflate, br, zstd, and several on top of
 * each other. Sans-IO: bytes in, bytes out, in constant memory whatever the body. Wraps zlib, brotli and zstd, whose
 * headers no other file sees. Includes base/ alone. One struct a body; used by one thread at a time.
 *
 *     decode_new(&d, err), then decode_add for each Content-Encoding field
 *     for the bytes that come: decode_feed, then decode_next until it says DECODE_MORE
 *     at the body's end: decode_end tells whether it was whole
 */
#ifndef AFETCH_PROTO_DECODE_H
#define AFETCH_PROTO_DECODE_H

#include <stddef.h>

#include "base/error.h"

#define DECODE_CODINGS_MAX 5                 /* on top of each other, as in curl: each may multiply the bytes */
#define DECODE_PIECE_MAX ((size_t)16 * 1024) /* the most that decode_next gives at once of what was coded */
#define DECODE_ZSTD_WINDOW_LOG 23            /* 8 MiB, the most that a server may use (RFC 9659) */

/* What decode_next says. Negative: a code of base/error.h, again at each later call: ERR_ENCODING, ERR_MEMORY. */
enum decode_event {
    DECODE_MORE, /* all bytes are used: give more, or call decode_end */
    DECODE_DATA, /* *data, *len: decoded bytes */
};

/* Opaque. Memory is taken with the first byte that a coding decodes: 16 KiB a coding for what comes out, beside what
 * the coding itself needs: some 40 KiB for gzip and deflate, up to 16 MiB for br and 8 MiB for zstd, as the server
 * chose. */
struct decode;

/* A decoder with no coding yet, through which bytes pass as they are. ERR_MEMORY. */
int decode_new(struct decode **out, struct error *err);
void decode_free(struct decode *d);

/* Adds the codings that a Content-Encoding field lists, in the order in which they were applied (several fields: in the
 * order in which they came). Before the first decode_feed. A coding that is not known fails only when there is a body
 * to decode, as in curl. value: NUL-terminated. ERR_ENCODING: there are more than DECODE_CODINGS_MAX. */
int decode_add(struct decode *d, const char *value, struct error *err);

/* Hands in bytes of the body. They stay the caller's and must stay put until decode_next has said DECODE_MORE or failed,
 * or until decode_keep. Only legal when the previous bytes are used up. */
void decode_feed(struct decode *d, const void *data, size_t len);

/* The next decoded bytes (at least one), valid until the next call of any function for d; where there is no coding they
 * lie within what was fed. A few bytes fed may decode to gigabytes: who shares its thread with others lets them have
 * their turn between pieces. ERR_ENCODING: the bytes are corrupt, go on behind their end, want a larger window than is
 * allowed, or have a coding that is not known. */
int decode_next(struct decode *d, const char **data, size_t *len, struct error *err);

/* Before an await between two pieces: copies what was fed and is not used yet, so that the caller's bytes may go.
 * ERR_MEMORY. */
int decode_keep(struct decode *d, struct error *err);

/* The body has ended and decode_next has said DECODE_MORE: 0 if what was coded was whole. An empty body is, whatever its
 * coding. ERR_ENCODING: it ends early. */
int decode_end(struct decode *d, struct error *err);

/* What is built in, as the value of an Accept-Encoding field: "deflate, gzip, br, zstd". A constant. */
const char *decode_offer(void);

/* "zlib/1.2.13 brotli/1.0.9 zstd/1.5.4", as they run. A constant. */
const char *decode_library(void);

#endif
