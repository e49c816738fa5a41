#include "fetch/head.h"

#include <string.h>
#include <strings.h>

#include "fetch/redirect.h"
#include "fetch/session.h"
#include "proto/auth.h"

/* The texts that a head is made of; freed together. */
struct parts {
    char host[300];
    char range[RANGES_TEXT];
    char *authorization;
    const char **fields; /* the user's */
    size_t field_count;
};

static void parts_deinit(struct parts *p)
{
    free(p->authorization);
    free(p->fields);
}

/* The URL's user info as an Authorization field's value; it belongs to that URL's origin. */
static int authorize(const struct url *url, char **out)
{
    if (!url->user && !url->password)
        return 0;
    *out = auth_basic(url->user, url->password);
    return *out ? 0 : ERR_MEMORY;
}

/* What was given by hand for the origin that was asked for: as curl, not to another one. */
static bool stays_behind(const char *line)
{
    static const char *const secret[] = {"Authorization", "Cookie", "Host"};
    size_t len = strcspn(line, ":;");
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++)
        if (strlen(secret[i]) == len && strncasecmp(line, secret[i], len) == 0)
            return true;
    return false;
}

static void add_fields(struct parts *p, char *const *lines, size_t count, bool crossed)
{
    for (size_t i = 0; i < count; i++)
        if (!crossed || !stays_behind(lines[i]))
            p->fields[p->field_count++] = lines[i];
}

static int collect_fields(struct parts *p, const struct afetch_request *r)
{
    const struct afetch_session *s = r->session;
    bool crossed = redirect_crossed(r) && !s->location_trusted;
    size_t count = s->header_count + r->header_count;
    p->fields = calloc(count ? count : 1, sizeof *p->fields);
    if (!p->fields)
        return ERR_MEMORY;
    add_fields(p, s->headers, s->header_count, crossed);
    add_fields(p, r->headers, r->header_count, crossed);
    return 0;
}

static int collect(struct parts *p, struct afetch_request *r)
{
    int rc = url_authority(&r->url, p->host, sizeof p->host);
    if (rc < 0)
        return error_set(&r->err, rc, 0, "the host is too long");
    if (authorize(&r->url, &p->authorization) < 0 || collect_fields(p, r) < 0)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    return 0;
}

static int write_parts(struct parts *p, struct afetch_request *r, struct buf *out)
{
    const struct afetch_session *s = r->session;
    struct http1_default more[] = {
        {"Accept-Encoding", s->compressed ? decode_offer() : NULL},
        {"Referer", r->referer ? r->referer : s->defaults.referer},
        {"Range", ranges_field(r, p->range)},
        {"If-Range", ranges_condition(r)},
        {condition_name(&r->condition), condition_value(&r->condition)},
    };
    struct http1_request head = {.method = request_method(r),
                                 .target = s->defaults.request_target ? s->defaults.request_target : r->url.target,
                                 .http10 = s->defaults.http10,
                                 .host = p->host,
                                 .authorization = p->authorization,
                                 .user_agent = *s->user_agent ? s->user_agent : NULL,
                                 .more = more,
                                 .more_count = sizeof more / sizeof more[0],
                                 .user_fields = p->fields,
                                 .user_field_count = p->field_count};
    int rc = http1_write_head(out, &head);
    return rc < 0 ? error_set(&r->err, rc, 0, "the request's head") : 0;
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
