/* Content codings: a Content-Encoding field, a line end, and a body. However the body is split, the outcome is one. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/decode.h"

enum { OUTPUT_MAX = 4 << 20 }; /* bombs would only take time */

struct outcome {
    int rc;
    size_t len;
    uint64_t hash; /* FNV-1a of what came out */
};

static void take(struct outcome *o, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        o->hash = (o->hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    o->len += len;
}

static int feed(struct decode *d, const uint8_t *data, size_t len, struct outcome *o, struct error *err)
{
    decode_feed(d, data, len);
    const char *piece;
    size_t n;
    int rc;
    while ((rc = decode_next(d, &piece, &n, err)) == DECODE_DATA && o->len < OUTPUT_MAX) {
        FUZZ_CHECK(n > 0 && n <= (len > DECODE_PIECE_MAX ? len : DECODE_PIECE_MAX));
        take(o, piece, n);
    }
    return rc;
}

static struct outcome decode(const char *field, const uint8_t *body, size_t len, size_t piece)
{
    struct outcome o = {0};
    struct error err = {0};
    struct decode *d;
    FUZZ_CHECK(decode_new(&d, &err) == 0);
    o.rc = decode_add(d, field, &err);
    for (size_t at = 0; o.rc == 0 && at < len; at += piece)
        o.rc = feed(d, body + at, len - at < piece ? len - at : piece, &o, &err);
    if (o.rc == 0)
        o.rc = decode_end(d, &err);
    FUZZ_CHECK(o.rc == 0 || o.rc == DECODE_DATA || (o.rc == ERR_ENCODING && err.code == ERR_ENCODING));
    error_clear(&err);
    decode_free(d);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    if (!end)
        return 0;
    char field[100];
    size_t len = (size_t)(end - data);
    if (len >= sizeof field)
        return 0;
    memcpy(field, data, len);
    field[len] = '\0';
    const uint8_t *body = end + 1;
    len = size - len - 1;
    struct outcome whole = decode(field, body, len, len + 1);
    struct outcome split = decode(field, body, len, len / 100 + 1);
    if (whole.rc == DECODE_DATA || split.rc == DECODE_DATA)
        return 0;
    FUZZ_CHECK(whole.rc == split.rc);
    FUZZ_CHECK(whole.rc < 0 || (whole.len == split.len && whole.hash == split.hash));
    return 0;
}
