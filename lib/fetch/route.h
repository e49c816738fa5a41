/* How an origin is reached: straight, or through a proxy. A session has routes, made of its options and of the
 * environment as it was then; each hop of a request has the route that its URL has there. As an origin's route never
 * changes within a session, what is kept by origin (connections that lead there alone, tickets, limits, holds) needs no
 * route beside it; what is a proxy's own is kept by the proxy's key. Any thread, once made. */
#ifndef AFETCH_FETCH_ROUTE_H
#define AFETCH_FETCH_ROUTE_H

#include "afetch.h"
#include "fetch/security.h"
#include "fetch/texts.h"
#include "net/overrides.h"
#include "proto/proxy.h"

enum route_kind {
    ROUTE_STRAIGHT,
    ROUTE_FORWARD, /* the proxy gets the request, and asks the origin itself */
    ROUTE_CONNECT, /* the proxy is asked for a tunnel */
    ROUTE_SOCKS
};

struct route_proxy {
    char *text; /* its URL as it was given */
    struct proxy proxy;
    const char *user, *password; /* shown to it: its URL's, else the session's; NULL: none */
    char *key;                   /* of its connections and tickets; no origin's */
    struct error error;          /* why its URL is none */
};

struct route {
    enum route_kind kind;
    const struct route_proxy *proxy; /* NULL: straight */
};

#define ROUTE_VARIABLES 7 /* of the environment that are obeyed */
#define ROUTE_PROXIES 2   /* for http and for https URLs */

struct routes {
    char *proxy, *noproxy; /* as the options have them, or NULL */
    char *variables[ROUTE_VARIABLES];
    bool none; /* nothing names a proxy */
    const struct overrides *overrides;
    bool tunnel;
    struct route_proxy proxies[ROUTE_PROXIES]; /* those that URLs may go through */
    size_t proxy_count;
    char *user, *password;
    unsigned schemes;           /* of enum auth_scheme, to say it by */
    struct texts_lines headers; /* for proxies alone */
    struct security security;   /* TLS towards proxies */
};

/* Copies what it needs of opt and of the environment; routes_deinit frees it in any case. overrides: of the same session;
 * they stay. ERR_MEMORY, ERR_USAGE, security_init's; of opt's proxy those of proxy_parse. */
int routes_init(struct routes *r, const struct afetch_options *opt, const struct overrides *overrides,
                struct error *err);
void routes_deinit(struct routes *r);

/* The route of a URL. 0, or the error of the environment's proxy, with its sentence in err: one that is no URL. */
int routes_find(const struct routes *r, const struct url *url, struct route *out, struct error *err);

/* The key of the connections that a route shares with other origins'; NULL: they lead to its origin alone. */
const char *route_home(const struct route *r);

#endif
