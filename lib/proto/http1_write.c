/* The request's head. */
#include <string.h>
#include <strings.h>

#include "proto/http1.h"

/* A line of the user's, read as curl reads -H. */
struct line {
    size_t name_len;
    bool sent;  /* "Name: value" is sent; "Name:" only takes the default away */
    bool empty; /* "Name;": sent without a value */
};

static bool is_blank_from(const char *s)
{
    return s[strspn(s, " \t")] == '\0';
}

/* ERR_USAGE for a line that would be more than one field. A line that is none at all is left out, as by curl. */
static int read_line(const char *text, struct line *out)
{
    struct line line = {0};
    if (strpbrk(text, "\r\n"))
        return ERR_USAGE;
    const char *end = strchr(text, ':');
    if (end) {
        line.sent = !is_blank_from(end + 1);
    } else {
        end = strchr(text, ';');
        line.sent = line.empty = end && !end[1];
    }
    line.name_len = end ? (size_t)(end - text) : 0;
    line.sent = line.sent && line.name_len > 0;
    *out = line;
    return 0;
}

static bool is_name(const char *text, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(text, name, len) == 0;
}

static int write_user(struct buf *out, const char *text, const struct line *line)
{
    if (!line->sent)
        return 0;
    return line->empty ? buf_addf(out, "%.*s:\r\n", (int)line->name_len, text) : buf_addf(out, "%s\r\n", text);
}

/* Writes the default, or nothing where the user has a line of that name. */
static int write_default(struct buf *out, const struct http1_request *r, const char *name, const char *value)
{
    struct line line;
    for (size_t i = 0; i < r->user_field_count; i++)
        if (read_line(r->user_fields[i], &line) == 0 && is_name(r->user_fields[i], line.name_len, name))
            return 0;
    if (value && strpbrk(value, "\r\n")) /* whoever let it come so far */
        return ERR_USAGE;
    return value ? buf_addf(out, "%s: %s\r\n", name, value) : 0;
}

/* Host goes first (RFC 9110 section 7.2), the user's own too: of several the first, as in curl. */
static int write_host(struct buf *out, const struct http1_request *r)
{
    struct line line;
    for (size_t i = 0; i < r->user_field_count; i++)
        if (read_line(r->user_fields[i], &line) == 0 && is_name(r->user_fields[i], line.name_len, "Host"))
            return write_user(out, r->user_fields[i], &line);
    return buf_addf(out, "Host: %s\r\n", r->host);
}

static int write_users(struct buf *out, const struct http1_request *r)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->user_field_count; i++) {
        struct line line;
        rc = read_line(r->user_fields[i], &line);
        if (rc == 0 && !is_name(r->user_fields[i], line.name_len, "Host"))
            rc = write_user(out, r->user_fields[i], &line);
    }
    return rc;
}

int http1_write_head(struct buf *out, const struct http1_request *r)
{
    size_t from = out->len;
    int rc = buf_addf(out, "%s %s HTTP/1.%d\r\n", r->method, r->target, r->http10 ? 0 : 1);
    if (rc == 0)
        rc = write_host(out, r);
    if (rc == 0)
        rc = write_default(out, r, "Proxy-Authorization", r->proxy_authorization);
    if (rc == 0)
        rc = write_default(out, r, "Authorization", r->authorization);
    if (rc == 0)
        rc = write_default(out, r, "User-Agent", r->user_agent);
    if (rc == 0)
        rc = write_default(out, r, "Accept", r->no_accept ? NULL : "*/*");
    for (size_t i = 0; rc == 0 && i < r->more_count; i++)
        rc = write_default(out, r, r->more[i].name, r->more[i].value);
    if (rc == 0 && r->cookie)
        rc = buf_addf(out, "Cookie: %s\r\n", r->cookie);
    if (rc == 0)
        rc = write_users(out, r);
    for (size_t i = 0; rc == 0 && i < r->last_count; i++)
        rc = write_default(out, r, r->last[i].name, r->last[i].value);
    if (rc == 0)
        rc = buf_adds(out, "\r\n");
    if (rc < 0 && out->data) {
        out->len = from;
        out->data[from] = '\0';
    }
    return rc;
}
