/* Content transfer encodings (RFC 2045 section 6), in lines of at most 76 characters. */
#include <string.h>

#include <mbedtls/base64.h>

#include "proto/multipart_impl.h"

enum { LINE_MAX_ = 76, LINE_BYTES = LINE_MAX_ / 4 * 3 /* that base64 makes a line of */ };

void multipart_coder_init(struct multipart_coder *c)
{
    c->in_len = c->column = c->out_len = 0;
}

size_t multipart_7bit(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (data[i] >= 0x80)
            return i;
    return len;
}

int64_t multipart_encoded_size(enum multipart_encoder encoder, int64_t size)
{
    if (size <= 0 || encoder < MULTIPART_BASE64)
        return size;
    if (encoder == MULTIPART_QUOTED_PRINTABLE || size > INT64_MAX / 2)
        return -1;
    int64_t characters = (size + 2) / 3 * 4;
    return characters + 2 * ((characters - 1) / LINE_MAX_);
}

/* Moves bytes behind those that wait in c, up to size in all. Returns how many. */
static size_t fill(struct multipart_coder *c, size_t size, const unsigned char *data, size_t len)
{
    size_t n = size - c->in_len < len ? size - c->in_len : len;
    if (n > 0)
        memcpy(c->in + c->in_len, data, n);
    c->in_len += n;
    return n;
}

static void put(struct multipart_coder *c, const char *data, size_t len)
{
    memcpy(c->out + c->out_len, data, len);
    c->out_len += len;
}

/* ---- base64 ------------------------------------------------------------------------------------------------------ */

static size_t encode_base64(struct multipart_coder *c, const unsigned char *data, size_t len, bool end)
{
    size_t used = fill(c, LINE_BYTES, data, len), written = 0;
    if (c->in_len < LINE_BYTES && !(end && used == len && c->in_len > 0))
        return used;
    if (c->column > 0)
        put(c, "\r\n", 2);
    /* cannot fail: out has room for a line and its NUL */
    (void)mbedtls_base64_encode((unsigned char *)c->out + c->out_len, sizeof c->out - c->out_len, &written, c->in,
                                c->in_len);
    c->out_len += written;
    c->column += written; /* of all lines: only whether it is the first matters */
    c->in_len = 0;
    return used;
}

/* ---- quoted-printable -------------------------------------------------------------------------------------------- */

enum answer { LATER, NO, YES }; /* LATER: it depends on bytes that are not there yet */

/* Whether a line ends at i of what waits; the end of all counts as a line's end. */
static enum answer line_ends(const struct multipart_coder *c, size_t i, bool end)
{
    if (i >= c->in_len && end)
        return YES;
    if (i + 2 > c->in_len)
        return end ? NO : LATER;
    return c->in[i] == '\r' && c->in[i + 1] == '\n' ? YES : NO;
}

/* What the bytes at i become. */
struct unit {
    char text[3];
    size_t len;
    size_t used; /* of the bytes; 0: it depends on what comes behind them */
};

static struct unit escaped(unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    return (struct unit){{'=', digits[byte >> 4], digits[byte & 15]}, 3, 1};
}

static struct unit unit_at(const struct multipart_coder *c, size_t i, bool end)
{
    static const struct unit later = {.used = 0}, crlf = {"\r\n", 2, 2};
    unsigned char byte = c->in[i];
    struct unit plain = {{(char)byte}, 1, 1};
    bool blank = byte == ' ' || byte == '\t';
    if (blank || byte == '\r') {
        enum answer ends = line_ends(c, blank ? i + 1 : i, end);
        if (ends == LATER)
            return later;
        if (blank) /* stands for itself but at the end of a line */
            return ends == YES ? escaped(byte) : plain;
        return ends == YES ? crlf : escaped(byte);
    }
    return byte > ' ' && byte < 0x7f && byte != '=' ? plain : escaped(byte);
}

/* Whether a unit goes to a new line. The last column is free only where the line ends behind it: else a '=' stands
 * there. */
static enum answer needs_break(const struct multipart_coder *c, const struct unit *u, size_t behind, bool end)
{
    if (c->column + u->len != LINE_MAX_)
        return c->column + u->len > LINE_MAX_ ? YES : NO;
    enum answer ends = line_ends(c, behind, end);
    return ends == LATER ? LATER : ends == YES ? NO : YES;
}

/* Encodes what waits as far as it can be told. Returns how many bytes of it are done. */
static size_t quote(struct multipart_coder *c, bool end)
{
    size_t i = 0;
    while (i < c->in_len) {
        struct unit u = unit_at(c, i, end);
        if (u.used == 2) {
            put(c, u.text, u.len);
            c->column = 0;
        } else if (u.used == 1) {
            enum answer needed = needs_break(c, &u, i + 1, end);
            if (needed == LATER)
                break;
            if (needed == YES) {
                put(c, "=\r\n", 3);
                c->column = 0;
            }
            put(c, u.text, u.len);
            c->column += u.len;
        } else {
            break;
        }
        i += u.used;
    }
    return i;
}

static size_t encode_quoted(struct multipart_coder *c, const unsigned char *data, size_t len, bool end)
{
    size_t used = fill(c, sizeof c->in, data, len);
    size_t done = quote(c, end && used == len);
    c->in_len -= done;
    memmove(c->in, c->in + done, c->in_len);
    return used;
}

size_t multipart_encode(struct multipart_coder *c, enum multipart_encoder encoder, const unsigned char *data,
                        size_t len, bool end)
{
    c->out_len = 0;
    return encoder == MULTIPART_BASE64 ? encode_base64(c, data, len, end) : encode_quoted(c, data, len, end);
}
