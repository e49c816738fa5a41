#include "net/dial.h"

#include <string.h>

/* ---- the deadline, which stands still at the gate -------------------------------------------------------------------- */

static int start_clock(struct dial *d)
{
    d->since_ns = engine_now_ns(d->engine);
    if (d->timeout_ns == 0)
        return 0;
    return deadline_set(&d->deadline, &d->engine->timers, d->since_ns + d->left_ns, &d->co, ERR_TIMEOUT);
}

static void stop_clock(struct dial *d)
{
    deadline_clear(&d->deadline);
    uint64_t spent_ns = engine_now_ns(d->engine) - d->since_ns;
    d->left_ns = spent_ns < d->left_ns ? d->left_ns - spent_ns : 1;
}

/* The path of that which is connected to in place of a host, or NULL. */
static const char *unix_socket(const struct dial *d)
{
    if (d->via)
        return d->via->unix_socket;
    return d->overrides ? d->overrides->unix_socket : NULL;
}

static const char *doing(const struct dial *d)
{
    switch (d->layer) {
    case DIAL_PROXY_TLS:
        return "in the TLS handshake with the proxy";
    case DIAL_TUNNEL:
        return "waiting for the proxy's answer";
    case DIAL_TLS:
        return "in the TLS handshake";
    default:
        return unix_socket(d) || d->u.race.tried ? "connecting" : "resolving the name";
    }
}

static void tell_timeout(struct dial *d)
{
    error_set(d->err, ERR_TIMEOUT, 0, "%s, after %.3g s (--connect-timeout)", doing(d), (double)d->timeout_ns / 1e9);
}

/* ---- to the first host --------------------------------------------------------------------------------------------------- */

static struct co_op *unix_begin(struct dial *d)
{
    struct unix_connect *u = &d->u.local;
    *u = (struct unix_connect){
        .engine = d->engine, .path = unix_socket(d), .err = d->err, .sock = &d->sock, .peer = d->peer};
    return co_call(&d->co, &u->co, unix_connect_run);
}

static struct co_op *race_begin(struct dial *d)
{
    struct race *r = &d->u.race;
    d->layer = DIAL_TCP;
    if (unix_socket(d))
        return unix_begin(d);
    *r = (struct race){.engine = d->engine,
                       .names = d->names,
                       .overrides = d->overrides,
                       .host = d->via ? d->via->host : d->host,
                       .zone = d->via ? d->via->zone : d->zone,
                       .port = d->via ? d->via->port : d->port,
                       .to_proxy = d->via != NULL,
                       .err = d->err,
                       .sock = &d->sock,
                       .peer = d->peer};
    return co_call(&d->co, &r->co, race_run);
}

static int take_socket(struct dial *d)
{
    d->times->resolved_ns = unix_socket(d) ? 0 : d->u.race.resolved_ns;
    d->times->connected_ns = engine_now_ns(d->engine);
    memset(&d->u, 0, sizeof d->u);
    int rc = stream_new_tcp(&d->made, d->engine, d->sock);
    if (rc < 0)
        return error_set(d->err, rc, 0, NULL);
    d->sock = NULL;
    return 0;
}

/* ---- layer upon layer ------------------------------------------------------------------------------------------------------ */

static bool has_layer(const struct dial *d)
{
    switch (d->layer) {
    case DIAL_PROXY_TLS:
        return d->via && d->via->tls;
    case DIAL_TUNNEL:
        return d->via && d->via->kind != VIA_FORWARD;
    case DIAL_TLS:
        return d->tls;
    default:
        return true;
    }
}

/* What is to be laid next; DIAL_READY: nothing. */
static enum dial_layer next_layer(struct dial *d)
{
    do
        d->layer++;
    while (!has_layer(d));
    return d->layer;
}

/* The connection is given up for another one. */
static void begin_anew(struct dial *d)
{
    stream_close(d->made);
    d->made = NULL;
}

/* ---- TLS ----------------------------------------------------------------------------------------------------------------- */

static struct co_op *gate_begin(struct dial *d)
{
    return gate_enter(&d->u.secure.pass, d->gate, d->engine);
}

static int tls_begin(struct tls **tls, struct dial *d)
{
    bool proxy = d->layer == DIAL_PROXY_TLS;
    struct tls_config *config = proxy ? d->via->tls : d->tls;
    const char *host = proxy ? d->via->host : d->tls_host;
    if (proxy ? d->proxy_only_1_2 : d->only_1_2)
        return tls_new_1_2(tls, config, host, d->err);
    return tls_new(tls, config, host, proxy ? d->via->resume : d->resume, d->err);
}

static int add_tls(struct dial *d)
{
    struct tls *tls = NULL;
    int rc = tls_begin(&tls, d);
    if (rc < 0)
        return rc;
    struct stream *over = NULL;
    rc = stream_new_tls(&over, d->made, tls);
    if (rc < 0) {
        tls_free(tls);
        return error_set(d->err, rc, 0, NULL);
    }
    d->made = over;
    return 0;
}

static struct co_op *handshake_begin(struct dial *d)
{
    d->u.secure.open = (struct tls_open){.stream = d->made, .err = d->err};
    return co_call(&d->co, &d->u.secure.open.co, tls_open_run);
}

/* Whether another connection, of TLS 1.2 alone, is to be tried (tls_wants_1_2); all is made ready for it. */
static bool try_1_2(struct dial *d)
{
    bool *only_1_2 = d->layer == DIAL_PROXY_TLS ? &d->proxy_only_1_2 : &d->only_1_2;
    if (*only_1_2 || !d->u.secure.open.wants_1_2)
        return false;
    *only_1_2 = true;
    gate_leave(&d->u.secure.pass);
    begin_anew(d);
    error_clear(d->err);
    return true;
}

static int not_secured(struct dial *d, int rc)
{
    if (d->layer == DIAL_PROXY_TLS && d->err->code)
        error_append(d->err, ", at the proxy");
    return rc;
}

static void secured(struct dial *d)
{
    gate_leave(&d->u.secure.pass);
    d->times->secured_ns = engine_now_ns(d->engine);
}

/* ---- a proxy's tunnel ------------------------------------------------------------------------------------------------------- */

static struct co_op *tunnel_begin(struct dial *d)
{
    if (d->via->kind == VIA_SOCKS) {
        struct socks_tunnel *t = &d->via->u.socks;
        *t = (struct socks_tunnel){.stream = d->made,
                                   .names = d->names,
                                   .overrides = d->overrides,
                                   .kind = t->kind,
                                   .host = d->host,
                                   .port = d->port,
                                   .user = t->user,
                                   .password = t->password,
                                   .err = d->err};
        return co_call(&d->co, &t->co, socks_tunnel_run);
    }
    struct http_tunnel *t = &d->via->u.connect;
    *t = (struct http_tunnel){
        .stream = d->made, .ops = t->ops, .arg = t->arg, .err = d->err, .keep_heads = t->keep_heads};
    return co_call(&d->co, &t->co, http_tunnel_run);
}

static void tunneled(struct dial *d)
{
    if (d->via->kind == VIA_CONNECT && d->via->u.connect.reconnect)
        begin_anew(d);
}

/* ---- the whole -------------------------------------------------------------------------------------------------------------- */

void dial_deinit(struct dial *d)
{
    tls_session_free(d->resume);
    d->resume = NULL;
    if (d->via)
        tls_session_free(d->via->resume);
    free(d->via);
    d->via = NULL;
}

void dial_run(struct co *co)
{
    CO_BEGIN(struct dial, d);
    d->left_ns = d->timeout_ns;
    if ((co->rc = start_clock(d)) < 0)
        CO_RETURN(error_set(d->err, co->rc, 0, NULL));
    do {
        CO_TRY(racing, race_begin(d));
        if ((co->rc = take_socket(d)) < 0)
            CO_RETURN(co->rc);
        while (d->made && next_layer(d) != DIAL_READY) {
            if (d->layer == DIAL_TUNNEL) {
                CO_TRY(tunneling, tunnel_begin(d));
                tunneled(d);
                continue;
            }
            stop_clock(d);
            CO_TRY(queueing, gate_begin(d));
            if ((co->rc = start_clock(d)) < 0 || (co->rc = add_tls(d)) < 0)
                CO_RETURN(error_set(d->err, co->rc, 0, NULL));
            CO_AWAIT(handshaking, handshake_begin(d));
            if (co->rc >= 0)
                secured(d);
            else if (!try_1_2(d))
                CO_RETURN(not_secured(d, co->rc));
        }
    } while (!d->made);
    *d->stream = d->made;
    d->made = NULL;
    CO_CLEANUP;
    deadline_clear(&d->deadline);
    if (co->reason == ERR_TIMEOUT && d->deadline.passed)
        tell_timeout(d);
    if (d->layer == DIAL_PROXY_TLS || d->layer == DIAL_TLS)
        gate_leave(&d->u.secure.pass);
    dial_deinit(d);
    stream_close(d->made);
    engine_close(d->engine, d->sock);
    CO_END;
}
