#include "fetch/redirect.h"

#include <stdlib.h>
#include <string.h>

#include "fetch/attempt.h"
#include "fetch/body.h"
#include "fetch/session.h"

int redirect_wanted(struct afetch_request *r, const struct http1 *response)
{
    const struct afetch_session *s = r->session;
    int status = r->status;
    bool redirects = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    const char *location = redirects && s->follow ? http1_find(response, "Location") : NULL;
    if (!location || !*location)
        return 0;
    if (s->redirects_max >= 0 && r->redirects >= (unsigned)s->redirects_max)
        return error_set(&r->err, ERR_REDIRECTS, 0, "over %d (--max-redirs)", s->redirects_max);
    free(r->location);
    r->location = strdup(location);
    return r->location ? 1 : error_set(&r->err, ERR_MEMORY, 0, NULL);
}

/* 303 asks for a GET; 301 and 302 turn a POST into one, as browsers began to (RFC 9110 sections 15.4.2 to 15.4.4), and as
 * curl what has another name and sends what was filled in. */
static bool becomes_get(const struct afetch_request *r)
{
    unsigned keep = r->session->post_keep;
    bool post = strcmp(request_method(r), "POST") == 0 || body_is_posted(r->body);
    if (r->status == 303)
        return !request_is_head(r) && !(post && (keep & AFETCH_POST303));
    if (r->status == 301)
        return post && !(keep & AFETCH_POST301);
    return r->status == 302 && post && !(keep & AFETCH_POST302);
}

/* The error of a URL that a server gave names it: the user never wrote it. */
static void tell_bad(struct afetch_request *r, struct error *err)
{
    char shown[201];
    url_show(shown, sizeof shown, r->location, strlen(r->location));
    error_set(&r->err, err->code, 0, "redirected to %s: %s", shown, error_text(err));
    error_clear(err);
}

static int resolve(struct afetch_request *r, struct url *to)
{
    struct buf text;
    struct error err = {0};
    buf_init(&text, URL_MAX * 4); /* a relative one is not longer than its base and itself */
    int rc = url_resolve(&text, &r->url, r->location);
    if (rc >= 0)
        rc = url_parse(to, text.data, text.len, r->url.scheme, r->session->defaults.url_flags, &err);
    else
        error_set(&err, rc, 0, NULL);
    buf_deinit(&text);
    if (rc < 0)
        tell_bad(r, &err);
    return rc;
}

static int check_scheme(struct afetch_request *r, const struct url *to)
{
    unsigned allowed = r->session->proto_redir;
    unsigned scheme = to->tls ? AFETCH_SCHEME_HTTPS : AFETCH_SCHEME_HTTP;
    if (!defaults_allow(&r->session->defaults, to))
        return error_set(&r->err, ERR_SCHEME, 0, "a redirect to %s is not allowed (--proto)", to->shown);
    if (allowed && !(allowed & scheme))
        return error_set(&r->err, ERR_SCHEME, 0, "a redirect to %s is not allowed (--proto-redir)", to->shown);
    if (!allowed && r->url.tls && !to->tls)
        return error_set(&r->err, ERR_SCHEME, 0, "a redirect from https to %s (--proto-redir =http,https allows it)",
                         to->shown);
    return 0;
}

/* The URL that redirects, without its user info and fragment (RFC 9110 section 10.1.3). */
static int set_referer(struct afetch_request *r)
{
    struct buf text;
    char authority[300];
    if (!r->session->defaults.referer_auto)
        return 0;
    buf_init(&text, URL_MAX * 4);
    int rc = url_authority(&r->url, authority, sizeof authority);
    if (rc >= 0)
        rc = buf_addf(&text, "%s://%s%s", r->url.scheme, authority, r->url.target);
    if (rc < 0) {
        buf_deinit(&text);
        return error_set(&r->err, rc, 0, NULL);
    }
    free(r->referer);
    r->referer = buf_take(&text);
    return 0;
}

/* Makes to the URL of the request, which keeps the one that was asked for. */
static int move_to(struct afetch_request *r, const struct url *to)
{
    if (r->first_url)
        url_deinit(&r->url);
    else if ((r->first_url = malloc(sizeof *r->first_url)))
        *r->first_url = r->url;
    else
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    r->url = *to;
    return 0;
}

int redirect_follow(struct afetch_request *r)
{
    struct url to = {0};
    error_clear(&r->err); /* of the body, which nobody wants */
    int rc = resolve(r, &to);
    if (rc < 0)
        return rc;
    rc = check_scheme(r, &to);
    if (rc == 0)
        rc = set_referer(r);
    if (rc == 0)
        rc = move_to(r, &to);
    if (rc < 0) {
        url_deinit(&to);
        return rc;
    }
    session_trace(r->session, r, "Redirected to %s", to.shown);
    r->redirects++;
    r->as_get = r->as_get || becomes_get(r);
    attempt_reset(r);
    return 0;
}

bool redirect_crossed(const struct afetch_request *r)
{
    const struct url *a = r->first_url, *b = &r->url;
    return a && (a->tls != b->tls || a->port != b->port || strcmp(a->host, b->host) != 0);
}
