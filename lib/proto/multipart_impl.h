/* What the files of the multipart module share: the finished body as a list of segments, and the encoders. */
#ifndef AFETCH_PROTO_MULTIPART_IMPL_H
#define AFETCH_PROTO_MULTIPART_IMPL_H

#include "base/buf.h"
#include "proto/multipart.h"

enum { BOUNDARY_DASHES = 24, BOUNDARY_LEN = BOUNDARY_DASHES + MULTIPART_RANDOM + 4 };

/* A run of bytes that are there, or a file. */
struct multipart_segment {
    bool is_file;
    size_t at, len; /* in text */
    size_t file;
    int64_t size; /* the file's; -1: not known */
    enum multipart_encoder encoder;
};

struct multipart_level {
    char boundary[BOUNDARY_LEN + 1];
    const char *disposition; /* of its parts; NULL: the default */
    bool begun;              /* it has a part */
};

struct multipart {
    struct buf text; /* everything that is not in files: boundaries, heads, content */
    struct multipart_segment *segments;
    size_t segment_count, segment_size;
    char **paths;
    size_t path_count;
    int64_t length; /* -1: not known */
    char *content_type;
    unsigned char random[MULTIPART_RANDOM];
    unsigned boundaries; /* made so far */
    bool backslash;
    struct multipart_level levels[MULTIPART_LEVELS_MAX];
    size_t level_count;
};

/* An encoder at work. */
struct multipart_coder {
    unsigned char in[64]; /* not encoded yet, for want of what comes behind */
    size_t in_len;
    size_t column; /* of the line that is being written */
    char out[512]; /* what the last call made */
    size_t out_len;
};

void multipart_coder_init(struct multipart_coder *c);
/* Encodes more of a content; end: nothing comes behind these bytes. Returns how many bytes were taken; when all are, and
 * out_len is 0, there is nothing more to be had. BASE64 and QUOTED_PRINTABLE only. */
size_t multipart_encode(struct multipart_coder *c, enum multipart_encoder encoder, const unsigned char *data,
                        size_t len, bool end);
/* Bytes that so many become; -1: that depends on them. */
int64_t multipart_encoded_size(enum multipart_encoder encoder, int64_t size);
/* Bytes from the start that 7bit lets pass. */
size_t multipart_7bit(const unsigned char *data, size_t len);

#endif
