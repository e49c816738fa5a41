/* br (RFC 7932) by brotli. */
#include "proto/decode_impl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <brotli/decode.h>

/* The errors that are a failed allocation, from the first to the last. */
enum {
    MEMORY_FIRST = BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES,
    MEMORY_LAST = BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
};

static int open_brotli(void **state, struct error *err)
{
    BrotliDecoderState *s = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    *state = s;
    return 0;
}

static void close_brotli(void *state)
{
    BrotliDecoderDestroyInstance(state);
}

static int tell(const BrotliDecoderState *s, struct error *err)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(s);
    if ((int)code >= (int)MEMORY_FIRST && (int)code <= (int)MEMORY_LAST)
        return error_set(err, ERR_MEMORY, 0, NULL);
    return error_set(err, ERR_ENCODING, 0, "br: corrupt (%s)", BrotliDecoderErrorString(code));
}

static int run_brotli(void *state, struct decode_io *io, struct error *err)
{
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &io->in_len, &io->in, &io->out_len, &io->out, NULL);
    if (result == BROTLI_DECODER_RESULT_ERROR)
        return tell(state, err);
    if (result == BROTLI_DECODER_RESULT_SUCCESS && io->in_len > 0)
        return decode_garbage(&decode_brotli, err);
    return 0;
}

static bool is_whole(const void *state)
{
    return BrotliDecoderIsFinished(state);
}

static const char *version(void)
{
    static char text[32];
    uint32_t v = BrotliDecoderVersion();
    snprintf(text, sizeof text, "brotli/%u.%u.%u", (unsigned)(v >> 24), (unsigned)(v >> 12 & 0xfff),
             (unsigned)(v & 0xfff));
    return text;
}

const struct coding decode_brotli = {"br", NULL, open_brotli, close_brotli, run_brotli, is_whole, version};
