/* The parts of http1.c that llhttp has no part in: line ends (http1_lines.c), a head's strings (http1_fields.c), and
 * what they say of the body and of the connection (http1_framing.c). Includes base/ alone. What can fail here returns
 * ERR_REPLY, ERR_RECV (a limit) or ERR_MEMORY, with the reason in *why (static text). */
#ifndef AFETCH_PROTO_HTTP1_IMPL_H
#define AFETCH_PROTO_HTTP1_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/http1.h"

struct http1_lines {
    char last;        /* the last byte read; 0 before the first */
    bool status_done; /* a head's first line was read */
    bool lenient;     /* a bare LF or a folded line was met */
};

/* Looks at the line ends of bytes that are no body's: llhttp does not tell where its leniency was needed, and allows
 * more than was meant. NULL, or why they are refused. */
const char *http1_lines_read(struct http1_lines *l, const char *p, const char *end);

struct http1_span {
    uint32_t name, name_len, value, value_len; /* within text */
};

struct http1_fields {
    struct buf text; /* each string with its NUL: the reason, then names and values in turn */
    struct http1_span *spans;
    size_t count, size;
    bool open;    /* the last one's name has begun, and its value not ended */
    bool folding; /* within the blanks that a folded value begins its next line with */
};

void http1_fields_init(struct http1_fields *f);
void http1_fields_deinit(struct http1_fields *f);
/* Empties it for the next head. */
void http1_fields_clear(struct http1_fields *f);

/* Each string comes in any number of parts, and its end. new_line: this part begins a folded line. */
int http1_fields_reason(struct http1_fields *f, const char *at, size_t len, const char **why);
int http1_fields_end_reason(struct http1_fields *f, const char **why);
int http1_fields_name(struct http1_fields *f, const char *at, size_t len, const char **why);
int http1_fields_end_name(struct http1_fields *f, const char **why);
int http1_fields_value(struct http1_fields *f, const char *at, size_t len, bool new_line, const char **why);
int http1_fields_end_value(struct http1_fields *f, const char **why);

struct http1_field http1_fields_at(const struct http1_fields *f, size_t i);

struct http1_framing {
    int64_t length;  /* Content-Length where it rules the body, else -1 */
    bool chunked;    /* the body is chunked; neither this nor a length: it ends with the connection */
    bool keep_alive; /* the connection persists, as far as version and Connection field say */
    bool lenient;    /* something a client may read but had better not trust */
};

/* Reads the framing of a whole head. minor: of its version, 0 or 1. no_length: Content-Length is passed over. */
int http1_read_framing(const struct http1_fields *f, int minor, bool no_length, struct http1_framing *out,
                       const char **why);

#endif
