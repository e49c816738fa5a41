#include "net/socks_tunnel.h"

#include <string.h>

/* ---- the target's address ---------------------------------------------------------------------------------------------- */

/* As the user has it; addresses that the proxy cannot be told of are passed over. */
static bool find_override(struct socks_tunnel *t)
{
    size_t count = 0;
    const struct addr *addrs = NULL;
    if (t->overrides)
        addrs = overrides_addrs(t->overrides, t->host, t->port, engine_now_ns(t->stream->engine), &count);
    for (size_t i = 0; i < count && !t->known; i++) {
        t->known = t->kind != SOCKS_4 || addr_family(&addrs[i]) == AF_INET;
        t->address = addrs[i];
    }
    return addrs != NULL;
}

/* A literal needs no look-up, nor does a name that the proxy looks up. */
static bool needs_lookup(struct socks_tunnel *t)
{
    if (socks_takes_name(t->kind) || find_override(t))
        return false;
    t->known = addr_parse(&t->address, t->host, NULL, t->port);
    return !t->known;
}

static bool wants(const struct socks_tunnel *t, int family)
{
    int only = t->overrides ? t->overrides->family : 0;
    return !t->known && (only == 0 || only == family) && (t->kind != SOCKS_4 || family == AF_INET);
}

static struct co_op *look_up(struct socks_tunnel *t, int family)
{
    return names_lookup(&t->lookup, t->names, t->stream->engine, t->host, family);
}

/* Takes the first address, if there is any. */
static int take_address(struct socks_tunnel *t, int rc)
{
    if (rc > 0) {
        t->address = t->lookup.found->addrs[0];
        t->known = true;
    } else if (rc < 0 && !t->why) {
        t->why = t->lookup.why;
    }
    lookup_deinit(&t->lookup);
    t->lookup = (struct lookup){0};
    return rc < 0 && rc != ERR_RESOLVE ? error_set(t->err, rc, 0, NULL) : 0;
}

static int no_address(struct socks_tunnel *t)
{
    const char *why = t->kind == SOCKS_4 ? "it has no IPv4 address, and SOCKS 4 reaches no other" : "it has no address";
    return error_set(t->err, ERR_PROXY, 0, "could not resolve %s (%s)", t->host, t->why ? t->why : why);
}

/* ---- the handshake ----------------------------------------------------------------------------------------------------- */

static int begin(struct socks_tunnel *t)
{
    struct socks_target target = {.host = t->host, .port = t->port, .user = t->user, .password = t->password};
    if (t->known && addr_family(&t->address) == AF_INET) {
        target.address = &t->address.u.in4.sin_addr;
        target.address_len = 4;
    } else if (t->known) {
        target.address = &t->address.u.in6.sin6_addr;
        target.address_len = 16;
    }
    return socks_new(&t->socks, t->kind, &target, t->err);
}

static struct co_op *send_begin(struct socks_tunnel *t, struct co *caller)
{
    size_t len;
    const void *data = socks_output(t->socks, &len);
    return stream_write(t->stream, caller, data, len);
}

/* A connection that breaks meanwhile is a failed handshake, as it is to curl. */
static int broken(struct socks_tunnel *t, int rc, struct error *why)
{
    int sys = why->sys;
    error_clear(why);
    if (rc == ERR_MEMORY)
        return error_set(t->err, rc, 0, NULL);
    return error_set(t->err, ERR_PROXY, sys, "the connection to the proxy broke");
}

static int sent(struct socks_tunnel *t)
{
    size_t len;
    struct error why = {0};
    int rc = stream_sent(t->stream, &why);
    if (rc < 0)
        return broken(t, rc, &why);
    socks_output(t->socks, &len);
    socks_sent(t->socks, len);
    return 0;
}

/* What the target says comes after what it is asked: nothing may be left over. */
static int received(struct socks_tunnel *t)
{
    const char *data;
    size_t len, used;
    struct error why = {0};
    int rc = stream_got(t->stream, &data, &len, &why);
    if (rc == 0)
        return socks_eof(t->socks, t->err);
    if (rc < 0)
        return broken(t, rc, &why);
    rc = socks_feed(t->socks, data, len, &used, t->err);
    if (rc == SOCKS_DONE && used < len)
        return error_set(t->err, ERR_PROXY, 0, "the SOCKS proxy sent more than its answer");
    return rc < 0 ? rc : 0;
}

void socks_tunnel_run(struct co *co)
{
    CO_BEGIN(struct socks_tunnel, t);
    if (needs_lookup(t)) {
        if (wants(t, AF_INET)) {
            CO_AWAIT(resolving, look_up(t, AF_INET));
            if ((co->rc = take_address(t, co->rc)) < 0)
                CO_RETURN(co->rc);
        }
        if (wants(t, AF_INET6)) {
            CO_AWAIT(resolving_v6, look_up(t, AF_INET6));
            if ((co->rc = take_address(t, co->rc)) < 0)
                CO_RETURN(co->rc);
        }
    }
    if (!t->known && !socks_takes_name(t->kind))
        CO_RETURN(no_address(t));
    if ((co->rc = begin(t)) < 0)
        CO_RETURN(co->rc);
    while ((co->rc = socks_status(t->socks)) != SOCKS_DONE) {
        if (co->rc == SOCKS_SEND) {
            CO_AWAIT(sending, send_begin(t, co));
            if ((co->rc = sent(t)) < 0)
                CO_RETURN(co->rc);
        } else {
            CO_AWAIT(receiving, stream_read(t->stream, co));
            if ((co->rc = received(t)) < 0)
                CO_RETURN(co->rc);
        }
    }
    CO_CLEANUP;
    lookup_deinit(&t->lookup);
    socks_free(t->socks);
    t->socks = NULL;
    CO_END;
}
