/* zstd (RFC 8878) by libzstd, with the window that RFC 9659 allows. */
#include "proto/decode_impl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "proto/decode.h"

struct zstd {
    ZSTD_DCtx *ctx;
    bool within;    /* a frame has begun and not ended */
    unsigned magic; /* bytes of its magic number that were read, up to 4 */
    bool skipped;   /* it is a frame to skip */
};

static void close_zstd(void *state)
{
    struct zstd *s = state;
    ZSTD_freeDCtx(s->ctx);
    free(s);
}

static int open_zstd(void **state, struct error *err)
{
    struct zstd *s = calloc(1, sizeof *s);
    if (!s || !(s->ctx = ZSTD_createDCtx()) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(s->ctx, ZSTD_d_windowLogMax, DECODE_ZSTD_WINDOW_LOG))) {
        if (s)
            close_zstd(s);
        return error_set(err, ERR_MEMORY, 0, NULL);
    }
    *state = s;
    return 0;
}

static int tell(size_t status, struct error *err)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
    if (code == ZSTD_error_memory_allocation)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        return error_set(err, ERR_ENCODING, 0, "zstd: it wants a window of more than %d MiB",
                         1 << (DECODE_ZSTD_WINDOW_LOG - 20));
    return error_set(err, ERR_ENCODING, 0, "zstd: %s", ZSTD_getErrorName(status));
}

/* A frame begins with its magic number, or with one of those of frames to skip (RFC 8878 section 3.1). libzstd may know
 * those of formats that came before, too, which are not this coding. Looks at the next byte of it. */
static int check_magic(struct zstd *s, unsigned char byte, struct error *err)
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skipped[] = {0x50, 0x2a, 0x4d, 0x18};
    if (s->magic == 0)
        s->skipped = byte != frame[0];
    bool fits =
        s->magic == 0 && s->skipped ? (byte & 0xf0) == skipped[0] : byte == (s->skipped ? skipped : frame)[s->magic];
    return fits ? 0 : error_set(err, ERR_ENCODING, 0, "zstd: %s", ZSTD_getErrorString(ZSTD_error_prefix_unknown));
}

/* One call: within a magic number a byte, else up to a frame's end. */
static int decompress(struct zstd *s, struct decode_io *io, struct error *err)
{
    bool in_magic = s->magic < sizeof(uint32_t) && io->in_len > 0;
    int rc = in_magic ? check_magic(s, io->in[0], err) : 0;
    if (rc < 0)
        return rc;
    ZSTD_inBuffer in = {io->in, in_magic ? 1 : io->in_len, 0};
    ZSTD_outBuffer out = {io->out, io->out_len, 0};
    size_t status = ZSTD_decompressStream(s->ctx, &out, &in);
    io->in += in.pos;
    io->in_len -= in.pos;
    io->out += out.pos;
    io->out_len -= out.pos;
    if (ZSTD_isError(status))
        return tell(status, err);
    /* With nothing to go on with, between two frames, it says what the next one would need. */
    if (in.pos > 0 || out.pos > 0)
        s->within = status > 0;
    s->magic = !s->within ? 0 : s->magic + (in_magic && in.pos > 0);
    return 0;
}

static int run_zstd(void *state, struct decode_io *io, struct error *err)
{
    int rc;
    do
        rc = decompress(state, io, err);
    while (rc == 0 && io->in_len > 0 && io->out_len > 0);
    return rc;
}

static bool is_whole(const void *state)
{
    const struct zstd *s = state;
    return !s->within;
}

static const char *version(void)
{
    static char text[32];
    snprintf(text, sizeof text, "zstd/%s", ZSTD_versionString());
    return text;
}

const struct coding decode_zstd = {"zstd", NULL, open_zstd, close_zstd, run_zstd, is_whole, version};
