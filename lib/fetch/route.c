#include "fetch/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the environment, as it was when the session was made ----------------------------------------------------------- */

static const char *const names[ROUTE_VARIABLES] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                                   "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int copy_variables(struct routes *r)
{
    for (size_t i = 0; i < ROUTE_VARIABLES; i++)
        if (!texts_copy(&r->variables[i], getenv(names[i])))
            return ERR_MEMORY;
    return 0;
}

static const char *variable(void *arg, const char *name)
{
    const struct routes *r = arg;
    for (size_t i = 0; i < ROUTE_VARIABLES; i++)
        if (strcmp(names[i], name) == 0)
            return r->variables[i];
    return NULL;
}

static const char *choose(const struct routes *r, bool tls, const char *host)
{
    const struct proxy_rules rules = {
        .proxy = r->proxy, .noproxy = r->noproxy, .env = variable, .arg = (void *)(uintptr_t)r};
    return proxy_for(&rules, tls, host);
}

/* ---- proxies -------------------------------------------------------------------------------------------------------------- */

static struct route_proxy *find_proxy(const struct routes *r, const char *text)
{
    for (size_t i = 0; i < r->proxy_count; i++)
        if (strcmp(r->proxies[i].text, text) == 0)
            return (struct route_proxy *)(uintptr_t)&r->proxies[i];
    return NULL;
}

/* A request for the origin of that name is another one: the same host may be both. */
static char *make_key(const struct proxy *p)
{
    size_t size = strlen(p->shown) + sizeof "proxy ";
    char *key = malloc(size);
    if (key)
        snprintf(key, size, "proxy %s", p->shown);
    return key;
}

/* ERR_MEMORY; what is wrong with the text is kept with it. */
static int add_proxy(struct routes *r, const char *text)
{
    struct route_proxy *p = &r->proxies[r->proxy_count];
    if (find_proxy(r, text))
        return 0;
    if (!texts_copy(&p->text, text))
        return ERR_MEMORY;
    r->proxy_count++;
    int rc = proxy_parse(&p->proxy, text, PROXY_HTTP, &p->error);
    if (rc < 0)
        return rc == ERR_MEMORY ? rc : 0;
    struct addr socket;
    if (p->proxy.unix_socket && !addr_from_path(&socket, p->proxy.unix_socket))
        error_set(&p->error, ERR_CONNECT, 0, "%.200s: too long for the path of a socket", p->proxy.unix_socket);
    bool named = p->proxy.url.user || p->proxy.url.password;
    p->user = named ? p->proxy.url.user : r->user;
    p->password = named ? p->proxy.url.password : r->password;
    p->key = make_key(&p->proxy);
    return p->key ? 0 : ERR_MEMORY;
}

/* All that any URL may go through. */
static int add_proxies(struct routes *r)
{
    for (int tls = 0; tls <= 1; tls++) {
        const char *text = choose(r, tls, "");
        int rc = text ? add_proxy(r, text) : 0;
        if (rc < 0)
            return rc;
    }
    r->none = r->proxy_count == 0;
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------ */

static int copy_texts(struct routes *r, const struct afetch_options *opt)
{
    bool copied = texts_copy(&r->proxy, opt->proxy) && texts_copy(&r->noproxy, opt->noproxy) &&
                  texts_copy(&r->user, opt->proxy_user) && texts_copy(&r->password, opt->proxy_password);
    int rc = copied ? copy_variables(r) : ERR_MEMORY;
    return rc == 0 ? add_proxies(r) : rc;
}

int routes_init(struct routes *r, const struct afetch_options *opt, const struct overrides *overrides,
                struct error *err)
{
    *r = (struct routes){.tunnel = opt->proxy_tunnel, .schemes = opt->proxy_auth, .overrides = overrides};
    int rc = copy_texts(r, opt);
    if (rc < 0)
        return error_set(err, rc, 0, NULL);
    if (r->proxy && r->proxy_count && r->proxies[0].error.code)
        return error_copy(err, &r->proxies[0].error);
    rc = texts_copy_lines(&r->headers, opt->proxy_headers, opt->proxy_header_count, "proxy header", err);
    return rc == 0 ? security_init(&r->security, &opt->proxy_tls, err) : rc;
}

void routes_deinit(struct routes *r)
{
    security_deinit(&r->security);
    for (size_t i = 0; i < r->proxy_count; i++) {
        proxy_deinit(&r->proxies[i].proxy);
        error_clear(&r->proxies[i].error);
        free(r->proxies[i].key);
        free(r->proxies[i].text);
    }
    for (size_t i = 0; i < ROUTE_VARIABLES; i++)
        free(r->variables[i]);
    texts_lines_deinit(&r->headers);
    free(r->proxy);
    free(r->noproxy);
    free(r->user);
    free(r->password);
}

/* ---- which ------------------------------------------------------------------------------------------------------------------ */

/* Whether something else is to be connected to than what the URL says: of that a request does not tell the proxy. */
static bool is_led_elsewhere(const struct routes *r, const struct url *url)
{
    struct override_target t = {.host = url->host, .port = url->port};
    overrides_detour(r->overrides, &t);
    return t.port != url->port || strcmp(t.host, url->host) != 0;
}

/* A plain request goes to an HTTP proxy as it is, unless a tunnel was asked for. */
static enum route_kind kind_of(const struct routes *r, const struct route_proxy *p, const struct url *url)
{
    if (proxy_is_socks(&p->proxy))
        return ROUTE_SOCKS;
    return url->tls || r->tunnel || is_led_elsewhere(r, url) ? ROUTE_CONNECT : ROUTE_FORWARD;
}

int routes_find(const struct routes *r, const struct url *url, struct route *out, struct error *err)
{
    *out = (struct route){ROUTE_STRAIGHT, NULL};
    const char *text = r->none || r->overrides->unix_socket ? NULL : choose(r, url->tls, url->host);
    if (!text)
        return 0;
    const struct route_proxy *p = find_proxy(r, text);
    if (p->error.code)
        return error_copy(err, &p->error);
    *out = (struct route){kind_of(r, p, url), p};
    return 0;
}

const char *route_home(const struct route *r)
{
    return r->kind == ROUTE_FORWARD ? r->proxy->key : NULL;
}
