#include "fetch/proxying.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "fetch/heads.h"
#include "fetch/request.h"
#include "fetch/session.h"
#include "fetch/upload.h"

int proxying_prepare(struct afetch_request *r)
{
    const struct route_proxy *p = r->route.proxy;
    credentials_free(r->proxy_credentials);
    r->proxy_credentials = NULL;
    if (r->route.kind != ROUTE_FORWARD && r->route.kind != ROUTE_CONNECT)
        return 0;
    const struct credentials_given given = {
        .user = p->user, .password = p->password, .schemes = r->session->routes.schemes};
    bool body = r->route.kind == ROUTE_FORWARD && upload_sends_body(r);
    int rc = credentials_new(&r->proxy_credentials, CREDENTIALS_PROXY, p->key, &given, body);
    return rc < 0 ? error_set(&r->err, rc, 0, NULL) : 0;
}

/* ---- the CONNECT ------------------------------------------------------------------------------------------------------- */

/* "host:port", the port always (RFC 9110 section 7.1). */
static char *tunnel_target(const struct afetch_request *r)
{
    struct override_target to = {.host = r->url.host, .port = r->url.port};
    overrides_detour(&r->session->overrides, &to);
    size_t size = strlen(to.host) + sizeof "[]:65535";
    char *target = malloc(size);
    bool brackets = strchr(to.host, ':') != NULL;
    if (target)
        snprintf(target, size, "%s%s%s:%u", brackets ? "[" : "", to.host, brackets ? "]" : "", (unsigned)to.port);
    return target;
}

static int write_connect(const struct afetch_request *r, const char *target, const char *authorization, struct buf *out)
{
    const struct afetch_session *s = r->session;
    struct http1_default more[] = {{"Proxy-Connection", "Keep-Alive"}};
    struct http1_request head = {.method = "CONNECT",
                                 .target = target,
                                 .host = target,
                                 .proxy_authorization = authorization,
                                 .user_agent = *s->user_agent ? s->user_agent : NULL,
                                 .no_accept = true,
                                 .more = more,
                                 .more_count = sizeof more / sizeof more[0],
                                 .user_fields = (const char *const *)s->routes.headers.line,
                                 .user_field_count = s->routes.headers.count};
    return http1_write_head(out, &head);
}

static int ask(void *arg, struct buf *out, struct error *err)
{
    struct afetch_request *r = arg;
    char *authorization = NULL, *target = tunnel_target(r);
    int rc = ERR_MEMORY;
    if (target)
        rc = credentials_value(r->proxy_credentials, r->session, "CONNECT", target, &authorization, err);
    if (rc == 0)
        rc = write_connect(r, target, authorization, out);
    free(authorization);
    free(target);
    if (rc < 0)
        return error_set(err, rc, 0, "the head of CONNECT");
    session_trace_request(r->session, r, out->data, out->len);
    return 0;
}

static int answered(void *arg, const struct http1 *response, struct error *err)
{
    struct afetch_request *r = arg;
    heads_tell(r, response, AFETCH_HEAD_CONNECT);
    r->connect_status = http1_status(response);
    int rc = credentials_challenged(r->proxy_credentials, r->session, response);
    return rc < 0 ? error_set(err, rc, 0, NULL) : rc;
}

static const struct http_tunnel_ops tunnel_ops = {.ask = ask, .answered = answered};

/* ---- the way ------------------------------------------------------------------------------------------------------------- */

static void set_tunnel(struct via *via, struct afetch_request *r)
{
    const struct route_proxy *p = r->route.proxy;
    switch (r->route.kind) {
    case ROUTE_CONNECT:
        via->kind = VIA_CONNECT;
        via->u.connect.ops = &tunnel_ops;
        via->u.connect.arg = r;
        via->u.connect.keep_heads = heads_wanted(r);
        break;
    case ROUTE_SOCKS:
        via->kind = VIA_SOCKS;
        via->u.socks.kind = proxy_socks_kind(&p->proxy);
        via->u.socks.user = p->user;
        via->u.socks.password = p->password;
        break;
    default:
        via->kind = VIA_FORWARD;
    }
}

int proxying_via(struct via **out, struct afetch_request *r)
{
    const struct route_proxy *p = r->route.proxy;
    *out = NULL;
    if (!p)
        return 0;
    struct via *via = calloc(1, sizeof *via);
    if (!via)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    via->host = p->proxy.url.host;
    via->zone = p->proxy.url.zone;
    via->port = p->proxy.url.port;
    via->unix_socket = p->proxy.unix_socket;
    set_tunnel(via, r);
    int rc = p->proxy.kind == PROXY_HTTPS ? session_proxy_tls(r->session, &via->tls, &r->err) : 0;
    if (rc < 0) {
        free(via);
        return rc;
    }
    via->resume = via->tls ? session_take_ticket(r->session, p->key) : NULL;
    *out = via;
    return 0;
}

/* ---- what a forwarding proxy is told ------------------------------------------------------------------------------------- */

char *proxying_target(const struct afetch_request *r)
{
    char authority[300];
    size_t size = strlen(r->url.target) + sizeof authority + sizeof "http://";
    char *target = url_authority(&r->url, authority, sizeof authority) < 0 ? NULL : malloc(size);
    if (target)
        snprintf(target, size, "%s://%s%s", r->url.scheme, authority, r->url.target);
    return target;
}

/* A 407 within a tunnel is the server's, who is to see nothing of what is the proxy's. */
int proxying_challenged(struct afetch_request *r, const struct http1 *response)
{
    if (r->route.kind != ROUTE_FORWARD)
        return 0;
    return credentials_challenged(r->proxy_credentials, r->session, response);
}

bool proxying_awaits_challenge(const struct afetch_request *r)
{
    return r->route.kind == ROUTE_FORWARD && credentials_await_challenge(r->proxy_credentials, r->session);
}

/* Proxy-Connection is no standard's, but curl and proxies go by it. */
bool proxying_ends(const struct afetch_request *r, const struct http1 *response)
{
    const char *field = r->route.kind == ROUTE_FORWARD ? http1_find(response, "Proxy-Connection") : NULL;
    return field && strcasecmp(field, "close") == 0;
}

/* ---- TLS, and TLS within TLS ---------------------------------------------------------------------------------------------- */

struct tls *proxying_server_tls(const struct afetch_request *r, struct stream *s)
{
    return r->url.tls ? stream_tls(s) : NULL;
}

struct tls *proxying_proxy_tls(const struct afetch_request *r, struct stream *s)
{
    if (!r->route.proxy || r->route.proxy->proxy.kind != PROXY_HTTPS)
        return NULL;
    return stream_tls(r->url.tls ? stream_below(s) : s);
}
