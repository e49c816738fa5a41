#include "server/answer.h"

#include <string.h>

#include "base/error.h"

#define DEFAULT_SIZE 1000
#define DEFAULT_PIECE 1000
#define TEXT_MAX ((size_t)256 * 1024) /* a head echoed as a body, with its own head */

/* A page's arguments: numbers, or what is left of the target. */
struct args {
    uint64_t n[3];
    unsigned count;
    const char *rest; /* behind the last number that was read */
    size_t rest_len;
    struct buf *fields; /* of the response's head */
    struct buf *text;   /* its body, where that is text */
    const struct request *request;
};

/* ---- pages: each fills in the answer, which is 200 with an empty body so far ---------------------------------------- */

static void set_size(struct answer *a, uint64_t size)
{
    a->size = a->send = size;
}

static uint64_t arg(const struct args *in, unsigned i, uint64_t otherwise)
{
    return i < in->count ? in->n[i] : otherwise;
}

static int index_page(struct answer *a, struct args *in)
{
    (void)a;
    return answer_help(in->text);
}

static int bytes_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    return 0;
}

static int delay_page(struct answer *a, struct args *in)
{
    a->delay_ms = in->n[0];
    set_size(a, arg(in, 1, DEFAULT_SIZE));
    return 0;
}

static int slow_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->piece = in->n[1] ? in->n[1] : 1;
    a->pause_ms = in->n[2];
    return 0;
}

static int chunked_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->piece = arg(in, 1, DEFAULT_PIECE);
    if (a->piece == 0 || a->piece > ANSWER_LEND_MAX)
        a->piece = ANSWER_LEND_MAX;
    a->chunked = true;
    return 0;
}

static int status_page(struct answer *a, struct args *in)
{
    if (in->n[0] < 200 || in->n[0] > 999)
        return 400;
    a->status = (int)in->n[0];
    set_size(a, arg(in, 1, 0));
    return 0;
}

static bool has_scheme(const char *text, size_t len)
{
    return len > 8 && (memcmp(text, "http://", 7) == 0 || memcmp(text, "https://", 8) == 0);
}

static int redirect_page(struct answer *a, struct args *in)
{
    if (in->n[0] < 300 || in->n[0] > 399)
        return 400;
    a->status = (int)in->n[0];
    const char *slash = has_scheme(in->rest, in->rest_len) ? "" : "/";
    return buf_addf(in->fields, "Location: %s%.*s\r\n", slash, (int)in->rest_len, in->rest);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes onto out; a control character is 400: it would end the field. */
static int decode(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        }
        if ((unsigned char)c < ' ' || c == 0x7f)
            return 400;
        if (buf_addc(out, c) < 0)
            return ERR_MEMORY;
    }
    return 0;
}

static int redirect_to_page(struct answer *a, struct args *in)
{
    if (in->rest_len < 4 || memcmp(in->rest, "url=", 4) != 0)
        return 400;
    a->status = 302;
    int rc = buf_adds(in->fields, "Location: ");
    if (rc == 0)
        rc = decode(in->fields, in->rest + 4, in->rest_len - 4);
    return rc != 0 ? rc : buf_adds(in->fields, "\r\n");
}

static int broken_page(struct answer *a, struct args *in, enum answer_end end)
{
    set_size(a, in->n[0]);
    if (in->n[1] < a->send)
        a->send = in->n[1];
    a->end = end;
    return 0;
}

static int close_page(struct answer *a, struct args *in)
{
    return broken_page(a, in, ANSWER_CUT);
}

static int reset_page(struct answer *a, struct args *in)
{
    return broken_page(a, in, ANSWER_RESET);
}

static int eof_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->unsized = true;
    a->end = ANSWER_CLOSE;
    return 0;
}

static int cut_page(struct answer *a, struct args *in)
{
    eof_page(a, in);
    a->end = ANSWER_CUT;
    return 0;
}

static int inform_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->informs = (unsigned)arg(in, 1, 2);
    return a->informs > 1000 ? 400 : 0;
}

static int headers_page(struct answer *a, struct args *in)
{
    (void)a;
    return buf_add(in->text, in->request->head, in->request->head_len);
}

static int echo_page(struct answer *a, struct args *in)
{
    a->echo = true;
    a->chunked = in->request->chunked;
    a->size = in->request->body_size;
    return 0;
}

static int once_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->end = ANSWER_CUT;
    return 0;
}

static int stale_page(struct answer *a, struct args *in)
{
    set_size(a, in->n[0]);
    a->end = ANSWER_STALE;
    return 0;
}

static int garbage_page(struct answer *a, struct args *in)
{
    (void)in;
    a->garbage = true;
    a->end = ANSWER_CLOSE;
    return 0;
}

static const struct page {
    const char *name;
    unsigned min, max;                              /* numbers that follow the name */
    bool rest;                                      /* and more behind them */
    int (*make)(struct answer *a, struct args *in); /* 0, a status to refuse with, ERR_MEMORY */
    const char *usage, *text;
} pages[] = {
    {"", 0, 0, false, index_page, "/", "this list"},
    {"bytes", 1, 1, false, bytes_page, "/bytes/N", "N bytes: byte i is 'a' + i % 26 (here and below)"},
    {"delay", 1, 2, false, delay_page, "/delay/MS[/N]", "N (1000) bytes; the first byte comes after MS milliseconds"},
    {"slow", 3, 3, false, slow_page, "/slow/N/PIECE/MS", "N bytes, PIECE at a time, one every MS milliseconds"},
    {"chunked", 1, 2, false, chunked_page, "/chunked/N[/PIECE]", "N bytes in chunks of PIECE (1000), and a trailer"},
    {"status", 1, 2, false, status_page, "/status/CODE[/N]", "that status, N (0) bytes"},
    {"redirect", 1, 1, true, redirect_page, "/redirect/CODE/WHERE", "to /WHERE, or to WHERE if that is a whole URL"},
    {"redirect-to?", 0, 0, true, redirect_to_page, "/redirect-to?url=URL", "302 to the URL, which is percent-decoded"},
    {"close", 2, 2, false, close_page, "/close/N/M", "Content-Length N, then M bytes and a close"},
    {"reset", 2, 2, false, reset_page, "/reset/N/M", "the same with a TCP reset"},
    {"eof", 1, 1, false, eof_page, "/eof/N", "N bytes that end with the connection"},
    {"cut", 1, 1, false, cut_page, "/cut/N", "the same; over TLS without close_notify"},
    {"inform", 1, 2, false, inform_page, "/inform/N[/COUNT]", "COUNT (2) responses 100 and 103 in turn, then N bytes"},
    {"headers", 0, 0, false, headers_page, "/headers", "the head of the request"},
    {"echo", 0, 0, false, echo_page, "/echo", "the body of the request, as it comes"},
    {"once", 1, 1, false, once_page, "/once/N", "N bytes, and a close that was not announced"},
    {"stale", 1, 1, false, stale_page, "/stale/N", "N bytes; closes when the next request has come"},
    {"garbage", 0, 0, false, garbage_page, "/garbage", "something that is not HTTP"},
};

int answer_help(struct buf *out)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof pages / sizeof *pages; i++)
        rc = buf_addf(out, "  %-22s %s\n", pages[i].usage, pages[i].text);
    return rc;
}

/* ---- from the target to the page ---------------------------------------------------------------------------------- */

/* Takes the scheme and host off the target's absolute form (RFC 9112 section 3.2.2), and the slash. */
static bool begin_path(const struct request *r, struct args *in)
{
    const char *at = r->target;
    const char *end = at + r->target_len;
    if (has_scheme(at, r->target_len))
        at = memchr(at + 8, '/', (size_t)(end - at - 8));
    if (!at || at == end || *at != '/')
        return false;
    in->rest = at + 1;
    in->rest_len = (size_t)(end - at - 1);
    return true;
}

static bool take_number(struct args *in, uint64_t *out)
{
    size_t i = 0;
    uint64_t n = 0;
    for (; i < in->rest_len && in->rest[i] >= '0' && in->rest[i] <= '9'; i++) {
        if (i >= 15)
            return false;
        n = n * 10 + (uint64_t)(in->rest[i] - '0');
    }
    if (i == 0 || (i < in->rest_len && in->rest[i] != '/' && in->rest[i] != '?'))
        return false;
    bool more = i < in->rest_len && in->rest[i] == '/';
    in->rest += i + more;
    in->rest_len -= i + more;
    *out = n;
    return true;
}

static const struct page *find_page(struct args *in)
{
    size_t len = 0;
    while (len < in->rest_len && in->rest[len] != '/' && in->rest[len] != '?')
        len++;
    bool query = len < in->rest_len && in->rest[len] == '?';
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        size_t name_len = strlen(pages[i].name);
        bool with_query = name_len > 0 && pages[i].name[name_len - 1] == '?';
        if (name_len != len + with_query || with_query > query || memcmp(pages[i].name, in->rest, name_len) != 0)
            continue;
        size_t skip = name_len + (!with_query && !query && len < in->rest_len);
        in->rest += skip;
        in->rest_len -= skip;
        return &pages[i];
    }
    return NULL;
}

/* 0, a status to refuse with, or ERR_MEMORY. */
static int make_page(struct answer *a, struct args *in)
{
    const struct page *page = begin_path(in->request, in) ? find_page(in) : NULL;
    if (!page)
        return 404;
    while (in->count < page->max && in->rest_len > 0 && in->rest[0] != '?' && take_number(in, &in->n[in->count]))
        in->count++;
    if (in->count < page->min)
        return 400;
    if (!page->rest && in->rest_len > 0 && in->rest[0] != '?') /* a query is welcome and means nothing */
        return 400;
    return page->make(a, in);
}

/* ---- the text of the head ------------------------------------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {408, "Request Timeout"},
        {410, "Gone"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Whatever";
}

static int add_informs(const struct answer *a, struct buf *out)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < a->informs; i++)
        rc = buf_adds(out, i % 2 == 0 ? "HTTP/1.1 100 Continue\r\n\r\n"
                                      : "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n");
    return rc;
}

static bool says_close(const struct answer *a)
{
    return a->end == ANSWER_CLOSE || a->end == ANSWER_REFUSE || a->unsized;
}

static int add_head(const struct answer *a, struct buf *out, const struct buf *fields, const struct buf *text)
{
    int rc = buf_addf(out, "HTTP/1.1 %d %s\r\nServer: afetch-demo-server\r\n", a->status, reason_of(a->status));
    if (rc == 0 && a->status != 204 && a->status != 304)
        rc = buf_adds(out, "Content-Type: text/plain\r\n");
    if (rc == 0 && fields->len > 0)
        rc = buf_add(out, fields->data, fields->len);
    if (rc == 0 && a->chunked)
        rc = buf_adds(out, "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n");
    else if (rc == 0 && !a->unsized && a->status != 204)
        rc = buf_addf(out, "Content-Length: %llu\r\n", (unsigned long long)(text->len > 0 ? text->len : a->size));
    if (rc == 0)
        rc = buf_adds(out, says_close(a) ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n");
    return rc;
}

static int write_out(struct answer *a, struct buf *out, const struct buf *fields, const struct buf *text)
{
    if (a->garbage)
        return buf_adds(out, "220 this is no web server\r\n");
    int rc = add_informs(a, out);
    if (rc == 0)
        rc = add_head(a, out, fields, text);
    if (rc == 0 && !a->bodiless && text->len > 0)
        rc = buf_add(out, text->data, text->len);
    return rc;
}

/* Nothing but the status, said in the body too. */
static int make_refusal(struct answer *a, struct buf *text, int status)
{
    *a = (struct answer){.status = status, .bodiless = a->bodiless, .end = a->end};
    return buf_addf(text, "%d %s\n", status, reason_of(status));
}

/* What the request asks of any page. */
static void adapt(struct answer *a, const struct request *r)
{
    a->bodiless = request_is(r, "HEAD") || a->status == 204 || a->status == 304;
    if (r->minor == 0) {
        a->informs = 0;
        a->unsized |= a->chunked;
        a->chunked = false;
    }
    if (a->end == ANSWER_KEEP && (!r->keep || a->unsized))
        a->end = ANSWER_CLOSE;
    if (a->bodiless)
        a->send = 0;
}

int answer_make(struct answer *a, struct buf *out, const struct request *r)
{
    struct buf fields, text;
    buf_init(&fields, REQUEST_HEAD_MAX + 64);
    buf_init(&text, TEXT_MAX);
    struct args in = {.fields = &fields, .text = &text, .request = r};
    *a = (struct answer){.status = 200};
    int rc = make_page(a, &in);
    if (rc > 0) {
        buf_clear(&fields);
        *a = (struct answer){0};
        rc = make_refusal(a, &text, rc);
    }
    adapt(a, r);
    if (rc == 0)
        rc = write_out(a, out, &fields, &text);
    buf_deinit(&text);
    buf_deinit(&fields);
    return rc;
}

int answer_refuse(struct answer *a, struct buf *out, int status)
{
    struct buf fields, text;
    buf_init(&fields, 0);
    buf_init(&text, TEXT_MAX);
    *a = (struct answer){.end = ANSWER_REFUSE};
    int rc = make_refusal(a, &text, status);
    if (rc == 0)
        rc = write_out(a, out, &fields, &text);
    buf_deinit(&text);
    return rc;
}

/* ---- the pattern ------------------------------------------------------------------------------------------------------ */

const char *answer_pattern(uint64_t from)
{
    static char bytes[ANSWER_LEND_MAX + 26];
    if (!bytes[0])
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)('a' + i % 26);
    return bytes + from % 26;
}
