#include "fetch/connect.h"

#include "fetch/proxying.h"
#include "fetch/request.h"
#include "fetch/session.h"

int connect_begin(struct connect *c, struct afetch_request *r)
{
    struct afetch_session *s = r->session;
    struct dial *d = malloc(sizeof *d);
    struct override_target to = {.host = r->url.host, .zone = r->url.zone, .port = r->url.port};
    *c = (struct connect){.request = r, .dial = d};
    if (!d)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    overrides_detour(&s->overrides, &to);
    *d = (struct dial){.engine = r->worker->engine,
                       .names = s->names,
                       .gate = &s->gate,
                       .overrides = &s->overrides,
                       .host = to.host,
                       .zone = to.zone,
                       .port = to.port,
                       .tls_host = r->url.host,
                       .timeout_ns = s->connect_timeout_ns,
                       .err = &r->err,
                       .stream = &c->stream,
                       .peer = &r->peer,
                       .times = &r->times};
    int rc = proxying_via(&d->via, r);
    if (rc < 0 || !r->url.tls)
        return rc;
    d->resume = session_take_ticket(s, r->origin);
    return session_tls(s, &d->tls, &r->err);
}

struct co_op *connect_dial(struct connect *c, struct co *caller)
{
    return co_call(caller, &c->dial->co, dial_run);
}

static void trace_tls(struct afetch_request *r, struct tls *tls, const char *where)
{
    if (tls)
        session_trace(r->session, r, "%s%s, %s%s", where, tls_version(tls), tls_cipher(tls),
                      tls_resumed(tls) ? ", resumed" : "");
}

static void trace_connected(struct afetch_request *r, const struct conn *conn)
{
    char ip[ADDR_TEXT_MAX];
    struct afetch_session *s = r->session;
    const struct url *to = r->route.proxy ? &r->route.proxy->proxy.url : &r->url;
    session_trace(s, r, "Connected to %s%s (%s) port %u", r->route.proxy ? "the proxy " : "", to->host,
                  addr_text(&conn->peer, ip), (unsigned)(addr_port(&conn->peer) ? addr_port(&conn->peer) : to->port));
    trace_tls(r, proxying_proxy_tls(r, conn->stream), "To the proxy: ");
    trace_tls(r, proxying_server_tls(r, conn->stream), "");
}

int connect_done(struct connect *c, struct conn **out)
{
    struct afetch_request *r = c->request;
    struct conn *conn = conn_new(c->stream, &r->peer);
    if (!conn)
        return error_set(&r->err, ERR_MEMORY, 0, NULL);
    c->stream = NULL;
    connect_end(c);
    conn->id = session_count_conn(r->session);
    r->connects++;
    r->conn_id = conn->id;
    trace_connected(r, conn);
    *out = conn;
    return 0;
}

void connect_keep_tickets(struct afetch_request *r, struct stream *s)
{
    struct tls *server = proxying_server_tls(r, s), *proxy = proxying_proxy_tls(r, s);
    if (server)
        session_keep_ticket(r->session, r->origin, tls_take_session(server));
    if (proxy)
        session_keep_ticket(r->session, r->route.proxy->key, tls_take_session(proxy));
}

void connect_end(struct connect *c)
{
    if (c->dial)
        dial_deinit(c->dial);
    free(c->dial);
    c->dial = NULL;
    stream_close(c->stream);
    c->stream = NULL;
}
