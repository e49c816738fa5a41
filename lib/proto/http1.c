#include "proto/http1.h"

#include <llhttp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/http1_impl.h"

struct http1 {
    llhttp_t parser;
    struct error *err;
    const char *data; /* fed, from what is not used yet */
    size_t len;
    struct http1_fields fields; /* of the last head */
    struct buf raw;             /* of the same, as it came, if it is kept */
    struct http1_lines lines;
    size_t trailer_count;
    const char *body; /* what the body callback said */
    size_t body_len;
    size_t head_bytes; /* of all heads; of the trailers too at the end */
    size_t overhead;   /* bytes since the head or the last byte of a body, whichever came later */
    uint64_t received; /* body bytes */
    struct http1_framing framing;
    int failed; /* the error code that ended it */
    uint16_t status;
    uint8_t minor;
    bool head_request; /* given with the reset */
    uint8_t reading;   /* enum http1_reading */
    bool begun, eof, clean;
    bool paused;       /* llhttp stopped for us; resume it before it goes on */
    bool line_begun;   /* the first byte of this head was looked at */
    bool version_read; /* and it is one of HTTP/1's */
    bool size_line;    /* within the line that begins a chunk */
    bool head_done;    /* the final head was read */
    bool tell_head, tell_inform, upgraded, complete;
    bool lenient; /* the framing is not to be trusted */
};

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/* Fails; for callbacks, which llhttp then leaves with our code in h->failed. */
static int fail(struct http1 *h, int code, const char *why)
{
    h->failed = error_set(h->err, code, 0, "%s", why);
    return HPE_USER;
}

static int over_limit(struct http1 *h)
{
    return fail(h, ERR_RECV,
                h->head_done && !h->tell_head ? "over 256 KiB of head and trailers or chunk extensions"
                                              : "the head of the response is over 256 KiB");
}

/* What does not keep to the grammar is no reply in the head, and a failure to receive behind it, as in curl. */
static int malformed(struct http1 *h, const char *why)
{
    return fail(h, h->head_done && !h->tell_head ? ERR_RECV : ERR_REPLY, why);
}

/* ---- what llhttp calls ------------------------------------------------------------------------------------------- */

static struct http1 *of(llhttp_t *p)
{
    return p->data;
}

/* What a callback returns for the code of a function that it called. */
static int result(struct http1 *h, int rc, const char *why)
{
    return rc < 0 ? fail(h, rc, why) : 0;
}

static int on_begin(llhttp_t *p)
{
    http1_fields_clear(&of(p)->fields);
    return 0;
}

static int on_version(llhttp_t *p)
{
    struct http1 *h = of(p);
    if (p->http_major != 1)
        return fail(h, ERR_REPLY, "it is of a version of HTTP that was not asked for");
    h->version_read = true;
    h->minor = p->http_minor > 0; /* a later minor version is read as ours: RFC 9110 section 2.5 */
    return 0;
}

static int on_reason(llhttp_t *p, const char *at, size_t len)
{
    const char *why = NULL;
    int rc = http1_fields_reason(&of(p)->fields, at, len, &why);
    return result(of(p), rc, why);
}

static int on_reason_end(llhttp_t *p)
{
    const char *why = NULL;
    int rc = http1_fields_end_reason(&of(p)->fields, &why);
    return result(of(p), rc, why);
}

/* Trailers are counted, and dropped. */
static int on_name(llhttp_t *p, const char *at, size_t len)
{
    const char *why = NULL;
    int rc = of(p)->head_done ? 0 : http1_fields_name(&of(p)->fields, at, len, &why);
    return result(of(p), rc, why);
}

static int on_name_end(llhttp_t *p)
{
    struct http1 *h = of(p);
    const char *why = NULL;
    /* llhttp is not to read lengths, codings and Connection: it refuses what RFC 9110 section 8.6 allows, and its
     * leniency would let pass what it does not. on_head decides instead. */
    p->header_state = 0;
    if (h->head_done) {
        bool many = ++h->trailer_count + h->fields.count > HTTP1_FIELDS_MAX;
        return many ? fail(h, ERR_RECV, "the response has more than 5,000 fields") : 0;
    }
    int rc = http1_fields_end_name(&h->fields, &why);
    return result(h, rc, why);
}

static int on_value(llhttp_t *p, const char *at, size_t len)
{
    struct http1 *h = of(p);
    const char *why = NULL;
    bool new_line = (at > h->data ? at[-1] : h->lines.last) == '\n'; /* llhttp leaves the line ends out */
    int rc = h->head_done ? 0 : http1_fields_value(&h->fields, at, len, new_line, &why);
    return result(h, rc, why);
}

static int on_value_end(llhttp_t *p)
{
    const char *why = NULL;
    int rc = of(p)->head_done ? 0 : http1_fields_end_value(&of(p)->fields, &why);
    return result(of(p), rc, why);
}

/* RFC 9112 section 6.3, its first rule. */
static bool has_no_body(const struct http1 *h)
{
    return h->head_request || h->status < 200 || h->status == 204 || h->status == 304;
}

/* Tells llhttp what the body is. */
static void set_framing(struct http1 *h, llhttp_t *p)
{
    p->flags &= (uint16_t) ~(F_CHUNKED | F_CONTENT_LENGTH | F_TRANSFER_ENCODING);
    if (h->framing.chunked) {
        p->flags |= F_CHUNKED;
        h->size_line = true;
    } else if (h->framing.length >= 0) {
        p->flags |= F_CONTENT_LENGTH;
        p->content_length = (uint64_t)h->framing.length;
    }
}

static int on_head(llhttp_t *p)
{
    struct http1 *h = of(p);
    const char *why = NULL;
    h->status = p->status_code;
    if (h->status < 100)
        return fail(h, ERR_REPLY, "its status is below 100");
    int rc = http1_read_framing(&h->fields, h->minor, h->reading & HTTP1_NO_LENGTH, &h->framing, &why);
    if (rc < 0)
        return fail(h, rc, why);
    if (h->status == 101) {
        h->upgraded = true;
        return HPE_PAUSED;
    }
    if (h->status >= 200) {
        h->head_done = true;
        h->tell_head = true;
        h->lenient |= h->framing.lenient;
        /* A 204 that announces a body (RFC 9110 section 8.6) may send it, too. */
        h->lenient |= h->status == 204 && (h->framing.length > 0 || h->framing.chunked);
    }
    if (has_no_body(h))
        return 1; /* on_complete follows at once */
    set_framing(h, p);
    return HPE_PAUSED;
}

static int on_body(llhttp_t *p, const char *at, size_t len)
{
    struct http1 *h = of(p);
    if (len == 0)
        return 0; /* nothing came since the last pause */
    h->body = at;
    h->body_len = len;
    return HPE_PAUSED;
}

static int on_chunk(llhttp_t *p)
{
    of(p)->size_line = false;
    return 0;
}

static int on_chunk_end(llhttp_t *p)
{
    of(p)->size_line = !(p->flags & F_TRAILING);
    return HPE_PAUSED; /* for read_on to look at the line */
}

static int on_complete(llhttp_t *p)
{
    struct http1 *h = of(p);
    if (h->head_done)
        h->complete = true;
    else
        h->tell_inform = true; /* llhttp takes a 1xx for a message */
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_begin,
    .on_version_complete = on_version,
    .on_status = on_reason,
    .on_status_complete = on_reason_end,
    .on_header_field = on_name,
    .on_header_field_complete = on_name_end,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_end,
    .on_headers_complete = on_head,
    .on_body = on_body,
    .on_chunk_header = on_chunk,
    .on_chunk_complete = on_chunk_end,
    .on_message_complete = on_complete,
};

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void expect_head(struct http1 *h)
{
    llhttp_init(&h->parser, HTTP_RESPONSE, &settings);
    h->parser.data = h;
    /* Just what the RFCs let a client read, and curl reads. What used it is not trusted with another response. */
    llhttp_set_lenient_headers(&h->parser, 1);               /* folded lines; what else it allows is refused here */
    llhttp_set_lenient_optional_cr_before_lf(&h->parser, 1); /* bare LF */
    llhttp_set_lenient_version(&h->parser, 1);               /* on_version decides */
    h->paused = h->line_begun = h->version_read = h->lines.status_done = false;
}

struct http1 *http1_new(void)
{
    struct http1 *h = calloc(1, sizeof *h);
    if (h)
        http1_reset(h, false, NULL);
    return h;
}

void http1_free(struct http1 *h)
{
    if (!h)
        return;
    http1_fields_deinit(&h->fields);
    buf_deinit(&h->raw);
    free(h);
}

void http1_reset(struct http1 *h, bool head_request, struct error *err)
{
    http1_fields_deinit(&h->fields);
    buf_deinit(&h->raw);
    *h = (struct http1){.head_request = head_request, .err = err, .framing.length = -1};
    http1_fields_init(&h->fields);
    buf_init(&h->raw, HTTP1_HEAD_MAX);
    expect_head(h);
}

void http1_read_as(struct http1 *h, unsigned reading)
{
    h->reading = (uint8_t)reading;
}

/* ---- bytes in, events out ---------------------------------------------------------------------------------------- */

void http1_feed(struct http1 *h, const char *data, size_t len)
{
    h->data = data;
    h->len = len;
    h->begun |= len > 0;
}

void http1_eof(struct http1 *h, bool clean)
{
    h->eof = true;
    h->clean = clean;
}

size_t http1_left(const struct http1 *h)
{
    return h->len;
}

const char *http1_rest(const struct http1 *h)
{
    return h->data;
}

void http1_move(struct http1 *h, const char *data)
{
    h->data = data;
}

/* Counts what was read in one go: a part of a head, or bytes around and of a body. */
static int count(struct http1 *h, bool in_head, size_t used)
{
    size_t plain = h->body_len > 0 ? (size_t)(h->body - h->data) : used;
    *(in_head ? &h->head_bytes : &h->overhead) += plain;
    if (h->head_bytes + h->overhead > HTTP1_HEAD_MAX)
        return over_limit(h);
    if (in_head && h->reading & HTTP1_KEEP_HEAD && buf_add(&h->raw, h->data, plain) < 0)
        return fail(h, ERR_MEMORY, "for the head of a response");
    const char *why = http1_lines_read(&h->lines, h->data, h->data + plain);
    if (why)
        return malformed(h, why);
    if (h->body_len > 0) {
        h->received += h->body_len;
        h->overhead = 0;
    }
    if (h->complete)
        h->head_bytes += h->overhead;
    return 0;
}

static int not_http(struct http1 *h)
{
    return fail(h, ERR_REPLY, "it does not begin as HTTP/1 does");
}

/* Lets llhttp read on, up to the next event or the end of a chunk's first line. *used: bytes it took. Where that line
 * ends with a bare LF llhttp 9 takes it for a CR, and a LF that the chunk's data begin with for the line's: it is given
 * both. */
static llhttp_errno_t read_on(struct http1 *h, size_t *used)
{
    const char *lf = h->size_line && h->len > 0 ? memchr(h->data, '\n', h->len) : NULL;
    bool bare = lf && (lf > h->data ? lf[-1] : h->lines.last) != '\r';
    size_t len = lf ? (size_t)(lf - h->data) + !bare : h->len;
    llhttp_errno_t rc = llhttp_execute(&h->parser, h->data, len);
    *used = rc == HPE_OK ? len : (size_t)(llhttp_get_error_pos(&h->parser) - h->data);
    if (rc != HPE_OK || !bare)
        return rc;
    ++*used;
    return llhttp_execute(&h->parser, "\r\n", 2);
}

/* One step. What fails in it, here or in a callback, is in h->failed; what is to be told, in the flags for event. */
static int parse(struct http1 *h)
{
    bool in_head = !h->head_done;
    if (!h->data)
        h->data = "";
    if (h->paused)
        llhttp_resume(&h->parser);
    h->body_len = 0;
    if (!h->line_begun && h->len > 0) {
        h->line_begun = true;
        buf_clear(&h->raw);
        if (h->data[0] != 'H') /* llhttp would pass over empty lines */
            not_http(h);
    }
    if (h->failed)
        return h->failed;
    size_t used;
    llhttp_errno_t rc = read_on(h, &used);
    h->paused = rc == HPE_PAUSED;
    if (!h->failed)
        count(h, in_head, used);
    if (!h->failed && rc != HPE_OK && rc != HPE_PAUSED) {
        if (h->version_read)
            malformed(h, llhttp_get_error_reason(&h->parser));
        else
            not_http(h);
    }
    if (h->reading & HTTP1_RAW && !in_head && h->framing.chunked) {
        h->body = h->data;
        h->body_len = used;
    }
    h->data += used;
    h->len -= used;
    return h->failed;
}

static int cut_off(struct http1 *h)
{
    unsigned long long n = h->received;
    if (!h->head_done && !h->line_begun) /* a 1xx before it is no reply, to curl neither */
        return error_set(h->err, ERR_EMPTY, 0, NULL);
    if (!h->head_done)
        return error_set(h->err, ERR_PARTIAL, 0, "the connection was closed within the head of the response");
    if (h->framing.chunked)
        return error_set(h->err, ERR_PARTIAL, 0, "the connection was closed after %llu bytes, before the last chunk",
                         n);
    if (h->framing.length >= 0)
        return error_set(h->err, ERR_PARTIAL, 0, "%llu of %llu bytes received", n,
                         (unsigned long long)h->framing.length);
    return error_set(h->err, ERR_PARTIAL, 0, "the connection broke off after %llu bytes", n);
}

static bool ends_with_connection(const struct http1 *h)
{
    return !has_no_body(h) && !h->framing.chunked && h->framing.length < 0;
}

static int end_of_stream(struct http1 *h)
{
    if (h->head_done && h->clean && ends_with_connection(h))
        h->complete = true;
    else
        h->failed = cut_off(h);
    return h->failed;
}

/* Goes on; 1 if there is nothing to go on with. */
static int advance(struct http1 *h)
{
    if (h->len > 0 || h->paused)
        return parse(h);
    return h->eof ? end_of_stream(h) : 1;
}

/* What there is to tell, or HTTP1_MORE. */
static int event(struct http1 *h)
{
    if (h->upgraded)
        return HTTP1_UPGRADE;
    if (h->tell_inform) {
        h->tell_inform = false;
        expect_head(h);
        return HTTP1_INFORM;
    }
    if (h->tell_head) {
        h->tell_head = false;
        return HTTP1_HEAD;
    }
    if (h->body_len > 0)
        return HTTP1_BODY;
    return h->complete ? HTTP1_END : HTTP1_MORE;
}

int http1_next(struct http1 *h, const char **data, size_t *len)
{
    int what = HTTP1_MORE;
    while (!h->failed && (what = event(h)) == HTTP1_MORE)
        if (advance(h) == 1)
            return HTTP1_MORE;
    if (h->failed)
        return h->failed;
    if (what == HTTP1_BODY) {
        *data = h->body;
        *len = h->body_len;
        h->body_len = 0;
    }
    return what;
}

/* ---- what was read ----------------------------------------------------------------------------------------------- */

int http1_status(const struct http1 *h)
{
    return h->status;
}

const char *http1_reason(const struct http1 *h)
{
    return h->fields.text.len > 0 ? h->fields.text.data : "";
}

int http1_minor_version(const struct http1 *h)
{
    return h->minor;
}

const char *http1_raw_head(const struct http1 *h, size_t *len)
{
    *len = h->raw.len;
    return h->raw.len ? h->raw.data : "";
}

size_t http1_field_count(const struct http1 *h)
{
    return h->fields.count;
}

struct http1_field http1_field_at(const struct http1 *h, size_t i)
{
    return http1_fields_at(&h->fields, i);
}

const char *http1_find(const struct http1 *h, const char *name)
{
    for (size_t i = 0; i < h->fields.count; i++)
        if (strcasecmp(http1_fields_at(&h->fields, i).name, name) == 0)
            return http1_fields_at(&h->fields, i).value;
    return NULL;
}

int64_t http1_content_length(const struct http1 *h)
{
    return h->framing.length;
}

size_t http1_head_bytes(const struct http1 *h)
{
    return h->head_bytes;
}

bool http1_begun(const struct http1 *h)
{
    return h->begun;
}

bool http1_reusable(const struct http1 *h)
{
    return h->complete && !h->failed && h->framing.keep_alive && !h->lenient && !h->lines.lenient &&
           !ends_with_connection(h) && h->len == 0;
}

#define TEXT_OF(n) #n
#define VERSION_TEXT(major, minor, patch) "llhttp/" TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *http1_library(void)
{
    return VERSION_TEXT(LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR, LLHTTP_VERSION_PATCH);
}
