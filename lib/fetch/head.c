#include "fetch/head.h"

#include <string.h>
#include <strings.h>

#include "fetch/proxying.h"
#include "fetch/jar.h"
#include "fetch/redirect.h"
#include "fetch/session.h"
#include "fetch/upload.h"

/* The texts that a head is made of; freed together. */
struct parts {
    char host[300];
    char range[RANGES_TEXT];
    char condition[CONDITION_TEXT];
    char *authorization, *cookie;
    char *proxy_target, *proxy_authorization; /* where the request goes to a proxy as it is */
    const char **fields;                      /* the user's */
    size_t field_count;
};

static void parts_deinit(struct parts *p)
{
    free(p->authorization);
    free(p->cookie);
    free(p->proxy_target);
    free(p->proxy_authorization);
    free(p->fields);
}

static bool is_line_of(const char *line, const char *name)
{
    size_t len = strcspn(line, ":;");
    return strlen(name) == len && strncasecmp(line, name, len) == 0;
}

/* What was given by hand for the origin that was asked for: as curl, not to another one. */
static bool stays_behind(const char *line)
{
    return is_line_of(line, "Authorization") || is_line_of(line, "Cookie") || is_line_of(line, "Host");
}

/* How a body is framed that a redirect has left behind. */
static bool frames(const char *line)
{
    return is_line_of(line, "Content-Length") || is_line_of(line, "Transfer-Encoding") || is_line_of(line, "Expect");
}

/* A form tells its type itself. A length by hand would contradict chunks (RFC 9112 section 6.2), and the empty body that
 * goes in place of the request's own. */
static bool is_left_out(const struct afetch_request *r, const char *line)
{
    if (r->as_get)
        return frames(line);
    if (!r->upload)
        return false;
    if ((r->send_empty || r->upload->chunked) && is_line_of(line, "Content-Length"))
        return true;
    return body_is_form(r->body) && is_line_of(line, "Content-Type");
}

/* What was given by hand for a proxy, on another origin's way. */
static bool is_for_proxy(const struct afetch_request *r, const char *line)
{
    return r->route.kind != ROUTE_FORWARD && is_line_of(line, "Proxy-Authorization");
}

static void add_fields(struct parts *p, const struct afetch_request *r, char *const *lines, size_t count, bool crossed)
{
    for (size_t i = 0; i < count; i++)
        if (!(crossed && (stays_behind(lines[i]) || is_for_proxy(r, lines[i]))) && !is_left_out(r, lines[i]))
            p->fields[p->field_count++] = lines[i];
}

static int collect_fields(struct parts *p, const struct afetch_request *r)
{
    const struct afetch_session *s = r->session;
    bool crossed = redirect_crossed(r) && !s->location_trusted;
    bool forwarded = r->route.kind == ROUTE_FORWARD;
    size_t count = s->headers.count + r->header_count + (forwarded ? s->routes.headers.count : 0);
    p->fields = calloc(count ? count : 1, sizeof *p->fields);
    if (!p->fields)
        return ERR_MEMORY;
    add_fields(p, r, s->headers.line, s->headers.count, crossed);
    add_fields(p, r, r->headers, r->header_count, crossed);
    if (forwarded)
        add_fields(p, r, s->routes.headers.line, s->routes.headers.count, false);
    return 0;
}

static const char *own_target(const struct afetch_request *r)
{
    const char *given = r->session->defaults.request_target;
    return given ? given : r->url.target;
}

static const char *target(const struct parts *p, const struct afetch_request *r)
{
    return r->session->defaults.request_target || !p->proxy_target ? own_target(r) : p->proxy_target;
}

static int collect_for_proxy(struct parts *p, struct afetch_request *r)
{
    if (r->route.kind != ROUTE_FORWARD)
        return 0;
    p->proxy_target = proxying_target(r);
    if (!p->proxy_target)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    return credentials_value(r->proxy_credentials, r->session, request_method(r), own_target(r),
                             &p->proxy_authorization, &r->err);
}

static int collect(struct parts *p, struct afetch_request *r)
{
    int rc = url_authority(&r->url, p->host, sizeof p->host);
    if (rc < 0)
        return error_set(&r->err, rc, 0, "the host is too long");
    if (collect_fields(p, r) < 0)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    rc = collect_for_proxy(p, r);
    if (rc == 0)
        rc =
            credentials_value(r->credentials, r->session, request_method(r), own_target(r), &p->authorization, &r->err);
    return rc == 0 ? jar_value(r, &p->cookie) : rc;
}

static int write_parts(struct parts *p, struct afetch_request *r, struct buf *out)
{
    const struct afetch_session *s = r->session;
    struct http1_default more[] = {
        {"Accept-Encoding", s->compressed && !ranges_go_on(r) ? decode_offer() : NULL},
        {"Referer", r->referer ? r->referer : s->defaults.referer},
        {"Range", ranges_field(r, p->range)},
        {"If-Range", ranges_condition(r)},
        {condition_name(&r->condition), condition_value(&r->condition, p->condition)},
        {"Proxy-Connection", p->proxy_target ? "Keep-Alive" : NULL},
        {"Transfer-Encoding", upload_coding(r)},
    };
    struct http1_default last[UPLOAD_FIELDS];
    upload_fields(r, last);
    struct http1_request head = {.method = request_method(r),
                                 .target = target(p, r),
                                 .http10 = s->defaults.http10,
                                 .host = p->host,
                                 .proxy_authorization = p->proxy_authorization,
                                 .authorization = p->authorization,
                                 .user_agent = *s->user_agent ? s->user_agent : NULL,
                                 .more = more,
                                 .more_count = sizeof more / sizeof more[0],
                                 .cookie = p->cookie,
                                 .last = last,
                                 .last_count = UPLOAD_FIELDS,
                                 .user_fields = p->fields,
                                 .user_field_count = p->field_count};
    int rc = http1_write_head(out, &head);
    return rc < 0 ? error_set(&r->err, rc, 0, "the request's head") : 0;
}

static const char *find_line(char *const *lines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (is_line_of(lines[i], name))
            return lines[i] + strlen(name) + (lines[i][strlen(name)] != '\0');
    return NULL;
}

const char *head_own_field(const struct afetch_request *r, const char *name)
{
    const char *value = find_line(r->session->headers.line, r->session->headers.count, name);
    return value ? value : find_line(r->headers, r->header_count, name);
}

int head_write(struct afetch_request *r, struct buf *out)
{
    struct parts p = {0};
    int rc = collect(&p, r);
    if (rc == 0)
        rc = write_parts(&p, r, out);
    parts_deinit(&p);
    if (rc == 0)
        session_trace_request(r->session, r, out->data, out->len);
    return rc;
}
