#include "server/http_request.h"

#include <string.h>
#include <strings.h>

struct text {
    const char *at;
    size_t len;
};

static bool is_token(struct text t)
{
    static const char other[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < t.len; i++) {
        char c = t.at[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (!alnum && (c == '\0' || !strchr(other, c)))
            return false;
    }
    return t.len > 0;
}

static bool is_name(struct text t, const char *name)
{
    return t.len == strlen(name) && strncasecmp(t.at, name, t.len) == 0;
}

static struct text trim(struct text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
        t.at++;
        t.len--;
    }
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

/* Cuts the text before the first c off t, and c too; false (and all of t) if there is none. */
static bool cut(struct text *t, char c, struct text *before)
{
    const char *at = memchr(t->at, c, t->len);
    *before = (struct text){t->at, at ? (size_t)(at - t->at) : t->len};
    size_t skip = before->len + (at != NULL);
    t->at += skip;
    t->len -= skip;
    return at != NULL;
}

static bool list_has(struct text list, const char *word)
{
    struct text item;
    bool more = true;
    while (more) {
        more = cut(&list, ',', &item);
        if (is_name(trim(item), word))
            return true;
    }
    return false;
}

static bool read_number(struct text t, unsigned base, uint64_t *out)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t.len; i++) {
        static const char digits[] = "0123456789abcdef";
        char c = t.at[i];
        const char *digit = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c) : NULL;
        if (!digit || (unsigned)(digit - digits) >= base || n > (UINT64_MAX >> 1) / base)
            return false;
        n = n * base + (uint64_t)(digit - digits);
    }
    *out = n;
    return t.len > 0;
}

/* ---- the head --------------------------------------------------------------------------------------------------- */

size_t request_head_end(const char *data, size_t len, size_t *scanned)
{
    const char *at = data + *scanned;
    while ((at = memchr(at, '\n', len - (size_t)(at - data))) != NULL) {
        size_t next = (size_t)(at - data) + 1;
        if (next < len && data[next] == '\r')
            next++;
        if (next >= len)
            break;
        if (data[next] == '\n')
            return next + 1;
        at++;
    }
    *scanned = at ? (size_t)(at - data) : len;
    return 0;
}

/* A line of the head without its end; control characters are no part of any (RFC 9110 section 5.5). */
static bool cut_line(struct text *rest, struct text *line)
{
    if (!cut(rest, '\n', line))
        return false;
    if (line->len > 0 && line->at[line->len - 1] == '\r')
        line->len--;
    for (size_t i = 0; i < line->len; i++)
        if ((unsigned char)line->at[i] < ' ' && line->at[i] != '\t')
            return false;
    return true;
}

static int parse_request_line(struct request *r, struct text line)
{
    struct text method, target;
    if (!cut(&line, ' ', &method) || !cut(&line, ' ', &target) || !is_token(method) || target.len == 0 ||
        memchr(target.at, '\t', target.len))
        return 400;
    if (line.len != 8 || memcmp(line.at, "HTTP/", 5) != 0 || line.at[6] != '.')
        return 400;
    if (line.at[5] != '1' || (line.at[7] != '0' && line.at[7] != '1'))
        return 505;
    r->minor = line.at[7] - '0';
    r->keep = r->minor == 1;
    r->method = method.at;
    r->method_len = method.len;
    r->target = target.at;
    r->target_len = target.len;
    return 0;
}

struct seen {
    bool host, length, keep, close;
};

static int parse_field(struct request *r, struct seen *seen, struct text line)
{
    struct text name;
    if (!cut(&line, ':', &name) || !is_token(name)) /* a folded line too (RFC 9112 section 5.2) */
        return 400;
    struct text value = trim(line);
    if (is_name(name, "host")) {
        if (seen->host)
            return 400;
        seen->host = true;
    } else if (is_name(name, "content-length")) {
        uint64_t size;
        if (!read_number(value, 10, &size) || (seen->length && size != r->body_size))
            return 400;
        seen->length = true;
        r->body_size = size;
    } else if (is_name(name, "transfer-encoding")) {
        if (r->chunked)
            return 400;
        if (!is_name(value, "chunked"))
            return 501;
        r->chunked = true;
    } else if (is_name(name, "connection")) {
        seen->keep |= list_has(value, "keep-alive");
        seen->close |= list_has(value, "close");
    } else if (is_name(name, "expect")) {
        r->expect = is_name(value, "100-continue");
    }
    return 0;
}

int request_parse(struct request *r, const char *head, size_t len)
{
    struct text rest = {head, len}, line;
    struct seen seen = {0};
    *r = (struct request){.head = head, .head_len = len};
    int rc = cut_line(&rest, &line) ? parse_request_line(r, line) : 400;
    while (rc == 0 && cut_line(&rest, &line) && line.len > 0)
        rc = parse_field(r, &seen, line);
    if (rc == 0 && rest.len > 0) /* a line that is none */
        rc = 400;
    if (rc == 0 && r->minor == 1 && !seen.host) /* RFC 9112 section 3.2 */
        rc = 400;
    if (rc == 0 && r->chunked && (seen.length || r->minor == 0)) /* RFC 9112 section 6.1: smells of smuggling */
        rc = 400;
    r->keep = (r->keep || seen.keep) && !seen.close;
    r->expect = r->expect && r->minor == 1 && (r->chunked || r->body_size > 0);
    return rc;
}

bool request_is(const struct request *r, const char *method)
{
    return r->method_len == strlen(method) && memcmp(r->method, method, r->method_len) == 0;
}

/* ---- the body --------------------------------------------------------------------------------------------------- */

enum { OVER, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER };

void request_body_init(struct request_body *b, const struct request *r)
{
    uint8_t state = r->chunked ? CHUNK_SIZE : r->body_size > 0 ? CHUNK_DATA : OVER;
    *b = (struct request_body){.chunked = r->chunked, .left = r->chunked ? 0 : r->body_size, .state = state};
}

static enum request_event take_data(struct request_body *b, size_t len, size_t *used, size_t *piece)
{
    if (len == 0)
        return REQUEST_MORE;
    *used = *piece = len < b->left ? len : (size_t)b->left;
    b->left -= *piece;
    if (b->left == 0)
        b->state = b->chunked ? CHUNK_END : OVER;
    return REQUEST_PIECE;
}

/* What a line between chunks means for the state; false: nothing good. */
static bool take_line(struct request_body *b, struct text line)
{
    if (b->state == CHUNK_END) {
        b->state = CHUNK_SIZE;
        return line.len == 0;
    }
    if (b->state == TRAILER) {
        if (line.len == 0)
            b->state = OVER;
        return true;
    }
    struct text size; /* the rest is extensions, which nobody knows */
    cut(&line, ';', &size);
    b->state = CHUNK_DATA;
    if (!read_number(trim(size), 16, &b->left))
        return false;
    if (b->left == 0)
        b->state = TRAILER;
    return true;
}

enum request_event request_body_next(struct request_body *b, const char *data, size_t len, size_t *used, size_t *piece)
{
    struct text rest = {data, len}, line;
    *used = *piece = 0;
    while (b->state != OVER && b->state != CHUNK_DATA) {
        if (!memchr(rest.at, '\n', rest.len))
            return rest.len > REQUEST_LINE_MAX ? REQUEST_BAD : REQUEST_MORE;
        if (!cut_line(&rest, &line) || !take_line(b, line))
            return REQUEST_BAD;
        *used = (size_t)(rest.at - data);
    }
    if (b->state == OVER)
        return REQUEST_END;
    size_t taken = 0;
    enum request_event event = take_data(b, rest.len, &taken, piece);
    *used += taken;
    return event;
}
