/* What decode.c makes of each library: a coding that turns bytes into bytes. Between decode.c, which knows no library,
 * and decode_zlib.c, decode_brotli.c, decode_zstd.c. Includes base/ alone. */
#ifndef AFETCH_PROTO_DECODE_IMPL_H
#define AFETCH_PROTO_DECODE_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Bytes not used yet, and room not filled yet: a coding moves both on. */
struct decode_io {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

struct coding {
    const char *name, *alias; /* as fields have them, in lower case; alias may be NULL */
    /* The state of one stream in *state. ERR_MEMORY. */
    int (*open)(void **state, struct error *err);
    void (*close)(void *state);
    /* Decodes until all input is used or all room is filled (then it is called again, be there input or not).
     * ERR_ENCODING, ERR_MEMORY. */
    int (*run)(void *state, struct decode_io *io, struct error *err);
    /* Whether the stream may end here. */
    bool (*whole)(const void *state);
    /* The library's version, as it runs. */
    const char *(*version)(void);
};

extern const struct coding decode_gzip, decode_deflate;
#ifdef AFETCH_BROTLI
extern const struct coding decode_brotli;
#endif
#ifdef AFETCH_ZSTD
extern const struct coding decode_zstd;
#endif

/* The sentence of a stream with bytes behind its end. */
int decode_garbage(const struct coding *c, struct error *err);

#endif
