/* HTTP/1.1 requests as a server reads them (RFC 9112), sans-IO: the head as one piece of text, then the body piece by
 * piece. Small and strict: what it does not understand is a 400, never a guess. Includes nothing of afetch; used by the
 * demo server. */
#ifndef AFETCH_SERVER_HTTP_REQUEST_H
#define AFETCH_SERVER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_HEAD_MAX ((size_t)64 * 1024)
#define REQUEST_LINE_MAX ((size_t)4 * 1024) /* a chunk's size line, a trailer field */

struct request {
    const char *head, *method, *target; /* within the head's text; not NUL-terminated */
    size_t head_len, method_len, target_len;
    int minor;          /* 0 or 1 for HTTP/1.x */
    bool keep;          /* the client wants the connection to stay */
    bool expect;        /* it waits for 100 (Continue) before it sends the body */
    bool chunked;       /* the body is chunked; else: */
    uint64_t body_size; /* by Content-Length; 0 without */
};

/* The length of a head that begins at data, with its empty line; 0: its end has not come yet. *scanned: where to go on
 * looking, 0 at first. */
size_t request_head_end(const char *data, size_t len, size_t *scanned);

/* Reads a whole head. 0, or the status to refuse it with: 400, 501, 505. */
int request_parse(struct request *r, const char *head, size_t len);
bool request_is(const struct request *r, const char *method);

/* All zero: there is none. */
struct request_body {
    bool chunked;
    uint8_t state;
    uint64_t left; /* of the body, or of the chunk */
};

enum request_event { REQUEST_MORE, REQUEST_PIECE, REQUEST_END, REQUEST_BAD };

void request_body_init(struct request_body *b, const struct request *r);
/* The next event of the bytes that came. *used: how many of them it took; REQUEST_PIECE: *piece bytes of the body are
 * the last of those. */
enum request_event request_body_next(struct request_body *b, const char *data, size_t len, size_t *used, size_t *piece);

#endif
