/* HTTP/1.1 as a client speaks it (RFC 9110, 9112), sans-IO: bytes in, events out. Wraps llhttp, which no other file
 * sees. Includes base/ alone. One struct a response after another on a connection; used by one thread at a time. */
#ifndef AFETCH_PROTO_HTTP1_H
#define AFETCH_PROTO_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define HTTP1_HEAD_MAX ((size_t)256 * 1024) /* 1xx responses and trailers count too: CLI.md "Requests" */
#define HTTP1_FIELDS_MAX 5000

struct http1_field {
    const char *name, *value; /* NUL-terminated; value trimmed, folds replaced by a space; may hold bytes over 0x7f */
    size_t name_len, value_len;
};

/* What http1_next says. Negative: a code of base/error.h, again at each later call, particulars in the err given to
 * http1_reset: ERR_REPLY (the head is not HTTP/1), ERR_RECV (a limit, or chunks that are none), ERR_PARTIAL, ERR_EMPTY,
 * ERR_MEMORY. */
enum http1_event {
    HTTP1_MORE,    /* all bytes are consumed; give more */
    HTTP1_INFORM,  /* a 1xx head was read (status, fields valid until the next call); the real one is to come */
    HTTP1_HEAD,    /* the final head: status, version, fields are valid until http1_reset or http1_deinit */
    HTTP1_BODY,    /* *data, *len: body bytes within the caller's input */
    HTTP1_END,     /* the message is whole; bytes may be left over (http1_left) */
    HTTP1_UPGRADE, /* 101: status and fields as for HTTP1_HEAD; what follows (http1_left) is no HTTP. Said for ever */
};

struct http1; /* opaque: about 300 bytes and the head's buffers, freed by http1_reset */

/* A parser for one connection, to be made ready by http1_reset. NULL without memory. */
struct http1 *http1_new(void);
void http1_free(struct http1 *h);

/* Makes it ready for the next response. head_request: the request was HEAD, the response has no body.
 * err: where the particulars of a failure go; the caller's, must live until the next reset. */
void http1_reset(struct http1 *h, bool head_request, struct error *err);

/* Behind http1_reset: how this response is read otherwise, or-ed. */
enum http1_reading {
    HTTP1_RAW = 1,       /* a chunked body is given as it came, with the lines around its chunks and its trailers */
    HTTP1_NO_LENGTH = 2, /* Content-Length is passed over: what is not chunked ends with the connection */
    HTTP1_KEEP_HEAD = 4  /* http1_raw_head is wanted */
};
void http1_read_as(struct http1 *h, unsigned reading);

/* Hands in bytes that arrived. They must stay put until http1_next has said HTTP1_MORE or HTTP1_END.
 * Only legal when the previous bytes are used up (http1_left is 0). */
void http1_feed(struct http1 *h, const char *data, size_t len);

/* The peer closed its side: call http1_next until it says HTTP1_END or fails (a close-delimited body ends well,
 * everything else is ERR_PARTIAL, ERR_EMPTY (no byte came) or ERR_RECV). clean: the close was orderly (for TLS: with a
 * close_notify); an unclean close fails a close-delimited body too. */
void http1_eof(struct http1 *h, bool clean);

/* The next event of the bytes fed. data, len: set for HTTP1_BODY. */
int http1_next(struct http1 *h, const char **data, size_t *len);

/* Bytes fed and not used. After HTTP1_END they were not asked for. */
size_t http1_left(const struct http1 *h);
/* Where the bytes not used yet lie; and that they lie at data from now on, so that they may outlast what they came in.
 */
const char *http1_rest(const struct http1 *h);
void http1_move(struct http1 *h, const char *data);

int http1_status(const struct http1 *h);         /* 100 to 999 */
const char *http1_reason(const struct http1 *h); /* "" if none */
int http1_minor_version(const struct http1 *h);  /* 0 or 1 for HTTP/1.x */
size_t http1_field_count(const struct http1 *h);
struct http1_field http1_field_at(const struct http1 *h, size_t i);
/* The head as it came, with its line ends; "" unless HTTP1_KEEP_HEAD. Valid until the next call of http1_next. */
const char *http1_raw_head(const struct http1 *h, size_t *len);
/* The first field of that name, any case; NULL if there is none. */
const char *http1_find(const struct http1 *h, const char *name);
/* What Content-Length says where no Transfer-Encoding overrides it, else -1. (For HEAD, 204 and 304 that is no body's.)
 */
int64_t http1_content_length(const struct http1 *h);
/* Bytes of all heads so far, 1xx included; after HTTP1_END of the trailers too, with the last chunk's line. */
size_t http1_head_bytes(const struct http1 *h);
/* Any byte of a response has come since the reset. */
bool http1_begun(const struct http1 *h);
/* After HTTP1_END: the connection may carry another request (persistent by version and Connection field, nothing left
 * over, not close-delimited, and read without any leniency: bare LF, folded lines, repeated lengths, a length beside a
 * coding, odd codings, a 204 with a length). */
bool http1_reusable(const struct http1 *h);

/* Appends a request head to out: the request line, Host, what there is of authorizations, User-Agent and Accept, what
 * there is more, the user's fields, and those that are last. method, target, host, user_agent: as sent, already valid. user_fields: lines without CR LF as curl's
 * -H takes them: "Name: value" is sent, in place of the default of that name; "Name:" removes the default; "Name;" is
 * sent without a value; any other line is left out. ERR_USAGE for a line with a CR or a LF; ERR_MEMORY, also where out
 * is full. */
struct http1_default {
    const char *name, *value; /* NULL: not sent */
};
struct http1_request {
    const char *method, *target, *host;
    const char *proxy_authorization, *authorization, *user_agent; /* NULL: none */
    bool no_accept; /* no Accept of ours: the response's body is for nobody */
    const struct http1_default *more;
    size_t more_count;
    const char *cookie;               /* NULL: none; a line of the user's of that name is sent beside it */
    const struct http1_default *last; /* behind the user's fields */
    size_t last_count;
    const char *const *user_fields;
    size_t user_field_count;
    bool http10; /* send HTTP/1.0 */
};
int http1_write_head(struct buf *out, const struct http1_request *r);

/* "llhttp/9.2.1". A constant. */
const char *http1_library(void);

#endif
