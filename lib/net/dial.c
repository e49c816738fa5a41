#include "net/dial.h"

#include <string.h>

/* ---- the deadline, which stands still at the gate -------------------------------------------------------------------- */

static int start_clock(struct dial *d)
{
    if (d->timeout_ns == 0)
        return 0;
    return deadline_set(&d->deadline, &d->engine->timers, engine_now_ns(d->engine) + d->left_ns, &d->co, ERR_TIMEOUT);
}

static void stop_clock(struct dial *d, uint64_t since_ns)
{
    deadline_clear(&d->deadline);
    uint64_t spent_ns = engine_now_ns(d->engine) - since_ns;
    d->left_ns = spent_ns < d->left_ns ? d->left_ns - spent_ns : 1;
}

/* The path of that which is connected to in place of the host, or NULL. */
static const char *unix_socket(const struct dial *d)
{
    return d->overrides ? d->overrides->unix_socket : NULL;
}

static void tell_timeout(struct dial *d)
{
    const char *doing = d->sock || d->made                  ? "in the TLS handshake"
                        : unix_socket(d) || d->u.race.tried ? "connecting"
                                                            : "resolving the name";
    error_set(d->err, ERR_TIMEOUT, 0, "%s, after %.3g s (--connect-timeout)", doing, (double)d->timeout_ns / 1e9);
}

/* ---- steps ------------------------------------------------------------------------------------------------------------- */

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
    if (unix_socket(d))
        return unix_begin(d);
    *r = (struct race){.engine = d->engine,
                       .names = d->names,
                       .overrides = d->overrides,
                       .host = d->host,
                       .zone = d->zone,
                       .port = d->port,
                       .err = d->err,
                       .sock = &d->sock,
                       .peer = d->peer};
    return co_call(&d->co, &r->co, race_run);
}

static int take_socket(struct dial *d)
{
    d->times->resolved_ns = unix_socket(d) ? 0 : d->u.race.resolved_ns;
    d->times->connected_ns = engine_now_ns(d->engine);
    int rc = stream_new_tcp(&d->made, d->engine, d->sock);
    if (rc < 0)
        return error_set(d->err, rc, 0, NULL);
    d->sock = NULL;
    return 0;
}

static int add_tls(struct dial *d)
{
    struct tls *tls = NULL;
    int rc = d->only_1_2 ? tls_new_1_2(&tls, d->tls, d->tls_host, d->err)
                         : tls_new(&tls, d->tls, d->tls_host, d->resume, d->err);
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

static struct co_op *gate_begin(struct dial *d)
{
    memset(&d->u, 0, sizeof d->u);
    return gate_enter(&d->u.secure.pass, d->gate, d->engine);
}

/* Whether another connection, of TLS 1.2 alone, is to be tried (tls_wants_1_2); all is made ready for it. */
static bool try_1_2(struct dial *d)
{
    if (d->only_1_2 || !d->u.secure.open.wants_1_2)
        return false;
    d->only_1_2 = true;
    gate_leave(&d->u.secure.pass);
    stream_close(d->made);
    d->made = NULL;
    memset(&d->u, 0, sizeof d->u);
    error_clear(d->err);
    return true;
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
        if (!d->tls)
            break;
        stop_clock(d, co->since_ns);
        CO_TRY(queueing, gate_begin(d));
        if ((co->rc = start_clock(d)) < 0 || (co->rc = add_tls(d)) < 0)
            CO_RETURN(error_set(d->err, co->rc, 0, NULL));
        CO_AWAIT(handshaking, handshake_begin(d));
        if (co->rc < 0 && !try_1_2(d))
            CO_RETURN(co->rc);
    } while (!d->made);
    d->times->secured_ns = d->tls ? engine_now_ns(d->engine) : 0;
    *d->stream = d->made;
    d->made = NULL;
    CO_CLEANUP;
    deadline_clear(&d->deadline);
    if (co->reason == ERR_TIMEOUT && d->deadline.passed)
        tell_timeout(d);
    if (d->tls && (d->made || *d->stream))
        gate_leave(&d->u.secure.pass);
    tls_session_free(d->resume);
    stream_close(d->made);
    engine_close(d->engine, d->sock);
    CO_END;
}
