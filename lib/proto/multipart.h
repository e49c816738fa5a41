/* multipart/form-data bodies (RFC 7578) as curl's -F makes them, byte for byte but the boundary. Sans-IO: files are read
 * by the caller, in pieces. Includes base/ alone. A struct multipart is built once and then read-only, so that any
 * number of requests and threads may send it; a struct multipart_reader belongs to one request.
 *
 *     multipart_new, multipart_add …, multipart_finish
 *     for (;;) switch (multipart_next(&reader, &piece, err))
 *         MULTIPART_BYTES: send piece.data, piece.len
 *         MULTIPART_READ:  read from file piece.file at piece.offset, multipart_feed (nothing at its end)
 *         MULTIPART_END:   the body is whole
 */
#ifndef AFETCH_PROTO_MULTIPART_H
#define AFETCH_PROTO_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MULTIPART_RANDOM 18     /* bytes of randomness for the boundaries */
#define MULTIPART_LEVELS_MAX 16 /* of parts in parts: a server may read them recursively */

/* How a part's content is encoded, and what its Content-Transfer-Encoding says (RFC 2045). */
enum multipart_encoder {
    MULTIPART_AS_IS, /* and no field */
    MULTIPART_BINARY,
    MULTIPART_8BIT,
    MULTIPART_7BIT, /* as it is, but a byte over 0x7f is an error */
    MULTIPART_BASE64,
    MULTIPART_QUOTED_PRINTABLE
};
/* Its number by name, any case; -1: none of that name. */
int multipart_encoder_by_name(const char *name);

struct multipart_part {
    const char *name, *filename; /* NULL: none */
    const char *type;            /* NULL: from a Content-Type among headers, else guessed from filename and path */
    const char *const *headers;  /* lines, "Name: value"; one that we would write too takes its place */
    size_t header_count;
    enum multipart_encoder encoder;
    const void *data; /* the content, */
    size_t len;
    const char *path; /* or a file that has it: for MULTIPART_READ, guesses and errors. NULL: data counts */
    int64_t size;     /* of the file; -1: not known. What it has more then is not sent; if it has less, sending fails */
};

struct multipart;

/* An empty body. type: NULL for "multipart/form-data", or what the user's Content-Type field says (the parts are then
 * no form-data for curl). backslash: names are escaped by backslashes (--form-escape), not percent-encoded as the
 * WHATWG has it. random: MULTIPART_RANDOM bytes. NULL without memory. */
struct multipart *multipart_new(const char *type, bool backslash, const void *random);
void multipart_free(struct multipart *m);

/* Adds a part at the end; everything is copied. ERR_USAGE: a line end within type or a header, or in a name where
 * backslash was asked for; ERR_READ: 7bit data that is not; ERR_MEMORY. After an error the body is of no use. */
int multipart_add(struct multipart *m, const struct multipart_part *part, struct error *err);
/* What is added until multipart_end are parts of this part; its content fields do not count. ERR_USAGE also for too
 * many levels, or where there is none to end. */
int multipart_begin(struct multipart *m, const struct multipart_part *part, struct error *err);
int multipart_end(struct multipart *m, struct error *err);
/* Ends what is open; nothing may be added any more. ERR_MEMORY. */
int multipart_finish(struct multipart *m);

/* Of a finished body. */
const char *multipart_content_type(const struct multipart *m); /* the field's value, with the boundary */
int64_t multipart_length(const struct multipart *m);           /* bytes; -1: not known before it was sent */
size_t multipart_file_count(const struct multipart *m);
const char *multipart_file_path(const struct multipart *m, size_t file);

struct multipart_coder;

struct multipart_reader {
    const struct multipart *m; /* must outlive the reader */
    size_t segment;            /* which comes next */
    uint64_t taken;            /* bytes of its file so far */
    const unsigned char *fed;  /* lent */
    size_t fed_len;
    bool fed_end;                  /* the file has no more */
    struct multipart_coder *coder; /* NULL until a file is encoded */
};

void multipart_reader_init(struct multipart_reader *r, const struct multipart *m);
void multipart_reader_deinit(struct multipart_reader *r);
/* From the start again: a redirect, another proof of who we are, a retry. */
void multipart_rewind(struct multipart_reader *r);

enum multipart_event { MULTIPART_END, MULTIPART_BYTES, MULTIPART_READ };

struct multipart_piece {
    const void *data; /* BYTES: valid until the next call, and as long as what was fed stays put */
    size_t len;       /* BYTES */
    size_t file;      /* READ: which, for multipart_file_path */
    uint64_t offset;  /* READ: bytes of it that were fed */
    int64_t left;     /* READ: bytes that are wanted at most, 1 or more; -1: all that there are */
};

/* What to do next. ERR_READ: a file is shorter than it was, or not 7bit; ERR_MEMORY. */
int multipart_next(struct multipart_reader *r, struct multipart_piece *piece, struct error *err);

/* After MULTIPART_READ: bytes of the file, which stay put until multipart_next says anything but MULTIPART_BYTES; len
 * 0: its end. */
void multipart_feed(struct multipart_reader *r, const void *data, size_t len);

#endif
