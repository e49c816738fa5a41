/* Proxies: which one a URL goes through, and its address taken apart, as curl does. Includes base/, proto/url.h,
 * proto/noproxy.h and proto/socks.h. Any thread. */
#ifndef AFETCH_PROTO_PROXY_H
#define AFETCH_PROTO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "proto/socks.h"
#include "proto/url.h"

enum proxy_kind { PROXY_HTTP, PROXY_HTTPS, PROXY_SOCKS4, PROXY_SOCKS4A, PROXY_SOCKS5, PROXY_SOCKS5H };

struct proxy {
    enum proxy_kind kind;
    struct url url;    /* host, host_is_ip, zone, port, user and password are the proxy's; the rest is of no use */
    char *unix_socket; /* a SOCKS proxy's path, "socks5h://localhost/run/socks"; NULL: host and port hold */
    char *shown;       /* "socks5h://proxy.example:1080", for people: without user and password */
};

/* Takes "[kind://][user[:password]@]host[:port]" apart: kind http, https, socks4 (socks), socks4a, socks5, socks5h, or
 * fallback where there is none; port 1080, for https 443. On success *out is whole and the caller's. Errors, with
 * particulars in err (which may be NULL), as curl has them: ERR_PROXY_RESOLVE (malformed), ERR_CONNECT (a kind that
 * there is not), ERR_MEMORY; *out is untouched then. User and password appear in no error. */
int proxy_parse(struct proxy *out, const char *text, enum proxy_kind fallback, struct error *err);
/* Frees what proxy_parse made; an all-zero proxy may be freed too. */
void proxy_deinit(struct proxy *p);

bool proxy_is_socks(const struct proxy *p);
/* For a SOCKS proxy. */
enum socks_kind proxy_socks_kind(const struct proxy *p);

/* What decides which proxy a URL goes through. */
struct proxy_rules {
    const char *proxy;   /* -x: for every URL; "": none, whatever the environment says; NULL: the environment's */
    const char *noproxy; /* --noproxy, which holds for -x too; NULL: the environment's */
    const char *(*env)(void *arg, const char *name); /* a variable; NULL: it is not set. NULL: there is none */
    void *arg;
};

/* The text of the proxy for a URL of that host (struct url's), or NULL for none: the rules' own string, or env's. From
 * the environment, the first that is set and not empty: no_proxy, NO_PROXY; https_proxy, HTTPS_PROXY for https, for
 * http http_proxy alone (HTTP_PROXY is what a web server makes of a request's "Proxy:" field); all_proxy, ALL_PROXY.
 */
const char *proxy_for(const struct proxy_rules *rules, bool tls, const char *host);

#endif
