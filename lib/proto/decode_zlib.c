/* gzip (RFC 1952) and deflate (RFC 1950, and RFC 1951 as some servers have it) by zlib. */
#include "proto/decode_impl.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <zlib.h>

enum {
    ZLIB_OR_GZIP = MAX_WBITS + 32, /* as the first bytes say: there are servers that mix up the names */
    RAW = -MAX_WBITS,
    RAW_TRAILER_MAX = 4 /* what some servers put behind raw deflate, and curl passes over */
};

struct zlib {
    z_stream z;
    bool begun, raw; /* deflate */
    bool ended;      /* the last bytes read are a stream's end */
    unsigned behind; /* bytes behind the end */
};

static int open_zlib(void **state, int window_bits, struct error *err)
{
    struct zlib *s = calloc(1, sizeof *s);
    if (!s || inflateInit2(&s->z, window_bits) != Z_OK) {
        free(s);
        return error_set(err, ERR_MEMORY, 0, NULL);
    }
    *state = s;
    return 0;
}

static int open_gzip(void **state, struct error *err)
{
    return open_zlib(state, ZLIB_OR_GZIP, err);
}

static int open_deflate(void **state, struct error *err)
{
    return open_zlib(state, MAX_WBITS, err);
}

static void close_zlib(void *state)
{
    struct zlib *s = state;
    inflateEnd(&s->z);
    free(s);
}

static int tell(const struct coding *c, const z_stream *z, int status, struct error *err)
{
    if (status == Z_MEM_ERROR)
        return error_set(err, ERR_MEMORY, 0, NULL);
    const char *why = status == Z_NEED_DICT ? "it wants a dictionary" : z->msg ? z->msg : "corrupt";
    return error_set(err, ERR_ENCODING, 0, "%s: %s", c->name, why);
}

/* As far as input, room and the stream go. */
static int inflate_more(const struct coding *c, struct zlib *s, struct decode_io *io, struct error *err)
{
    z_stream *z = &s->z;
    uInt in = io->in_len > UINT_MAX ? UINT_MAX : (uInt)io->in_len;
    uInt out = io->out_len > UINT_MAX ? UINT_MAX : (uInt)io->out_len;
    z->next_in = (z_const Bytef *)io->in;
    z->avail_in = in;
    z->next_out = io->out;
    z->avail_out = out;
    int status = inflate(z, Z_NO_FLUSH);
    io->in += in - z->avail_in;
    io->in_len -= in - z->avail_in;
    io->out += out - z->avail_out;
    io->out_len -= out - z->avail_out;
    s->ended = status == Z_STREAM_END;
    bool well = status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR; /* the last: nothing to go on with */
    return well ? 0 : tell(c, z, status, err);
}

/* A stream of gzip may be followed by another (RFC 1952 section 2.2), but by nothing else: zlib's wrapping does not begin
 * with that byte. */
static int next_member(struct zlib *s, const struct decode_io *io, struct error *err)
{
    if (io->in[0] != 0x1f)
        return decode_garbage(&decode_gzip, err);
    s->ended = false;
    return inflateReset(&s->z) == Z_OK ? 0 : tell(&decode_gzip, &s->z, Z_MEM_ERROR, err);
}

static int run_gzip(void *state, struct decode_io *io, struct error *err)
{
    struct zlib *s = state;
    int rc;
    do {
        rc = s->ended && io->in_len > 0 ? next_member(s, io, err) : 0;
        if (rc == 0 && !s->ended)
            rc = inflate_more(&decode_gzip, s, io, err);
    } while (rc == 0 && io->in_len > 0 && io->out_len > 0);
    return rc;
}

/* The first byte of zlib's header has the method, 8, and a window of up to 32 KiB. Raw deflate would begin so only with
 * a stored block whose padding is not zero, which nobody writes. */
static int begin_deflate(struct zlib *s, unsigned char first, struct error *err)
{
    s->begun = true;
    s->raw = (first & 0x8f) != 8;
    return !s->raw || inflateReset2(&s->z, RAW) == Z_OK ? 0 : tell(&decode_deflate, &s->z, Z_MEM_ERROR, err);
}

static int pass_trailer(struct zlib *s, struct decode_io *io, struct error *err)
{
    unsigned allowed = s->raw ? RAW_TRAILER_MAX : 0;
    while (io->in_len > 0 && s->behind < allowed) {
        s->behind++;
        io->in++;
        io->in_len--;
    }
    return io->in_len == 0 ? 0 : decode_garbage(&decode_deflate, err);
}

static int run_deflate(void *state, struct decode_io *io, struct error *err)
{
    struct zlib *s = state;
    int rc = s->begun || io->in_len == 0 ? 0 : begin_deflate(s, io->in[0], err);
    if (rc == 0 && !s->ended)
        rc = inflate_more(&decode_deflate, s, io, err);
    return rc == 0 && s->ended ? pass_trailer(s, io, err) : rc;
}

static bool is_whole(const void *state)
{
    const struct zlib *s = state;
    return s->ended;
}

static const char *version(void)
{
    static char text[32];
    snprintf(text, sizeof text, "zlib/%s", zlibVersion());
    return text;
}

const struct coding decode_gzip = {"gzip", "x-gzip", open_gzip, close_zlib, run_gzip, is_whole, version};
const struct coding decode_deflate = {"deflate", NULL, open_deflate, close_zlib, run_deflate, is_whole, version};
