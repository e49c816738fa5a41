#include "sim/sim_tls.h"

#include <errno.h>
#include <string.h>

#include "proto/tls_impl.h"
#include "server/test_ca.h"
#include "server/tls_server.h"
#include "sim/sim_memory.h"

enum { RECORD_MAX = 4096 }; /* MBEDTLS_SSL_OUT_CONTENT_LEN */

/* Something at a place in a stream of ciphertext. */
struct mark {
    struct mark *next;
    size_t at; /* it is there once so many bytes were */
    enum mark_kind { MARK_FLIGHT, MARK_TICKETS, MARK_PLAIN, MARK_NOTIFY, MARK_OTHER } kind;
    struct sim_bytes bytes; /* the server's flight to be sent, or the plaintext that arrived */
    size_t plain;           /* how much plaintext the record holds */
};

struct marks {
    struct mark *first, *last;
};

struct sim_tls {
    struct sim_world *w;
    struct sim_host *host;
    struct sock *sock;
    const struct sim_tls_up *up;
    void *peer;
    struct tls *tls;
    bool secure; /* the handshake is over */
    bool spoke;  /* the client wrote plaintext */
    bool deaf;   /* nothing the client writes is read any more */
    /* from the client */
    size_t written, has_arrived;
    struct marks incoming;
    /* to the client */
    struct sim_bytes out;  /* on its way */
    struct sim_bytes held; /* tickets that wait for a response, to go with it */
    size_t queued, read;   /* in all, by us and by the client */
    struct marks outgoing;
    struct sim_event deliver, fuse;
    bool in_one;       /* what is on its way arrives in one segment */
    bool ends, resets; /* behind what is on its way */
    bool over;
    /* what goes wrong */
    enum sim_tls_fault fault;
    size_t fault_at;  /* at this byte of what is queued; SIZE_MAX: nothing */
    size_t alert_in;  /* after so much plaintext; SIZE_MAX: never */
    size_t broken_at; /* the client cannot but fail once it has read further; SIZE_MAX: it can */
    bool cut;         /* nothing more is queued */
    bool notified;    /* the client has read close_notify */
    bool told_broken;
    bool told_bad; /* it was told of an end or a failure */
};

/* ---- marks ------------------------------------------------------------------------------------------------------ */

static struct mark *mark_add(struct sim_tls *t, struct marks *marks, size_t at, enum mark_kind kind)
{
    struct mark *m = sim_alloc(&t->w->sim, sizeof *m);
    m->at = at;
    m->kind = kind;
    if (marks->last)
        marks->last->next = m;
    else
        marks->first = m;
    marks->last = m;
    return m;
}

/* The next that lies at or before a place, taken out. */
static struct mark *mark_take(struct marks *marks, size_t reached)
{
    struct mark *m = marks->first;
    if (!m || m->at > reached)
        return NULL;
    marks->first = m->next;
    if (!m->next)
        marks->last = NULL;
    return m;
}

static void mark_free(struct mark *m)
{
    free(m->bytes.data);
    free(m);
}

static void marks_free(struct marks *marks)
{
    for (struct mark *m; (m = mark_take(marks, SIZE_MAX));)
        mark_free(m);
}

/* ---- to the client ------------------------------------------------------------------------------------------------ */

static void finish(struct sim_tls *t)
{
    if (t->over)
        return;
    t->over = t->cut = true;
    sim_cancel(&t->w->sim, &t->fuse);
    if (t->resets)
        sim_socket_reset(t->sock); /* last: both may lead to the connection's close */
    else
        sim_socket_end(t->sock);
}

static uint64_t sum(const char *data, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    return hash;
}

static void on_deliver(struct sim_event *event)
{
    struct sim_tls *t = (struct sim_tls *)(void *)((char *)event - offsetof(struct sim_tls, deliver));
    struct sim *sim = &t->w->sim;
    /* Down to single bytes, but for what is long. */
    size_t most = t->in_one ? t->out.len : sim->net.segment_max + (t->out.len > 3000 ? t->out.len / 300 : 0);
    size_t len = t->in_one ? t->out.len : sim_portion(sim, most, t->out.len);
    if (len == 0) {
        if (t->ends)
            finish(t);
        return;
    }
    if (len == 1)
        sim_met(sim, MET_TLS_ONE_BYTE);
    const char *at = t->out.data + t->out.start;
    sim_bytes_drop(&t->out, len);
    sim_note(sim, "ciphertext", len, sum(at, len));
    if (t->out.len > 0 || t->ends)
        sim_after(sim, &t->deliver, sim_latency(sim) / 16, on_deliver);
    else
        t->in_one = false;
    sim_socket_send(t->sock, at, len); /* last: the client may close */
}

static void on_fuse(struct sim_event *event)
{
    struct sim_tls *t = (struct sim_tls *)(void *)((char *)event - offsetof(struct sim_tls, fuse));
    t->cut = t->ends = true;
    if (!t->deliver.index)
        finish(t);
}

static void start_delivery(struct sim_tls *t)
{
    struct sim *sim = &t->w->sim;
    if (!t->over && !t->deliver.index)
        sim_after(sim, &t->deliver, sim_latency(sim) / 4, on_deliver);
}

/* Bytes that go to the client as they are. */
static void queue_raw(struct sim_tls *t, const void *data, size_t len)
{
    sim_bytes_add(&t->w->sim, &t->out, data, len);
    t->queued += len;
}

static void queue_garbage(struct sim_tls *t)
{
    static const char *const garbage[] = {
        "HTTP/1.1 400 Bad Request\r\n\r\nthis is no TLS",
        "\x15\3\3\0\2\2\x28", /* a fatal alert in the clear: handshake_failure */
        "\x17\3\3\0\x10"
        "sixteen of bytes", /* a record that no key fits */
        "\x16\3\3\x7f\xff"
        "a record that is too long",
        "\x40\3\3\0\1\1", /* a type that there is not */
    };
    static const size_t sizes[] = {42, 7, 21, 30, 6};
    size_t i = rng_below(&t->w->sim.rng, sizeof sizes / sizeof sizes[0]);
    t->broken_at = t->queued;
    queue_raw(t, garbage[i], sizes[i]);
}

/* Now it goes wrong; data: what would have come next. */
static void go_wrong(struct sim_tls *t, const char *data, size_t len)
{
    struct sim *sim = &t->w->sim;
    static char flipped[20000];
    sim_met(sim, (t->spoke ? MET_TLS_RESPONSE_CUT : MET_TLS_HELLO_CUT) + (t->fault - TLS_FAULT_CUT));
    sim_note(sim, "tls fault", t->fault, t->queued);
    t->fault_at = SIZE_MAX;
    switch (t->fault) {
    case TLS_FAULT_CUT:
    case TLS_FAULT_RESET:
        t->cut = t->ends = true;
        t->resets = t->fault == TLS_FAULT_RESET;
        break;
    case TLS_FAULT_GARBAGE:
        queue_garbage(t);
        t->cut = true;
        break;
    case TLS_FAULT_FLIP:
        if (len > sizeof flipped)
            len = sizeof flipped;
        memcpy(flipped, data, len);
        flipped[0] ^= (char)(1 << rng_below(&sim->rng, 8));
        /* In a handshake it may be a bit that nobody looks at. */
        if (t->spoke)
            t->broken_at = t->queued;
        queue_raw(t, flipped, len);
        t->cut = t->spoke;
        break;
    default: /* a stall */
        t->cut = true;
        return;
    }
    /* Whatever the client makes of it, it does not wait for ever. */
    sim_after(sim, &t->fuse, rng_below(&sim->rng, 5 * SIM_SECOND), on_fuse);
}

/* Ciphertext that the server made. False: not all of it goes out. */
static bool queue(struct sim_tls *t, const char *data, size_t len)
{
    if (t->cut)
        return false;
    start_delivery(t);
    if (t->fault_at - t->queued >= len) {
        queue_raw(t, data, len);
        return true;
    }
    size_t good = t->fault_at - t->queued;
    queue_raw(t, data, good);
    go_wrong(t, data + good, len - good);
    return false;
}

/* Moves what TLS has to send into b. */
static void collect(struct sim_tls *t, struct sim_bytes *b)
{
    size_t len;
    for (const void *data; (data = tls_output(t->tls, &len));) {
        sim_bytes_add(&t->w->sim, b, data, len);
        tls_sent(t->tls, len);
    }
}

static void queue_output(struct sim_tls *t, enum mark_kind kind, size_t plain)
{
    struct sim_bytes record = {0};
    collect(t, &record);
    if (record.len > 0 && queue(t, record.data, record.len))
        mark_add(t, &t->outgoing, t->queued, kind)->plain = plain;
    free(record.data);
}

/* Tickets that were kept back go with what comes next, in one segment. */
static void release_held(struct sim_tls *t)
{
    if (t->held.len == 0)
        return;
    t->in_one = true;
    queue(t, t->held.data + t->held.start, t->held.len);
    sim_bytes_drop(&t->held, t->held.len);
}

static void send_alert(struct sim_tls *t)
{
    struct sim *sim = &t->w->sim;
    sim_met(sim, MET_TLS_RESPONSE_ALERT);
    t->alert_in = SIZE_MAX;
    t->broken_at = t->queued;
    (void)mbedtls_ssl_send_alert_message(&t->tls->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                         MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR);
    queue_output(t, MARK_OTHER, 0);
    t->cut = true;
    sim_after(sim, &t->fuse, rng_below(&sim->rng, SIM_SECOND), on_fuse);
}

void sim_tls_send(struct sim_tls *t, const char *data, size_t len)
{
    struct error err = {0};
    if (t->held.len > 0 && len > 0)
        sim_met(&t->w->sim, MET_TLS_TICKET_WITH_RESPONSE);
    release_held(t);
    if (len > t->alert_in)
        send_alert(t);
    else if (t->alert_in != SIZE_MAX)
        t->alert_in -= len;
    while (len > 0 && !t->cut) {
        size_t taken = len < RECORD_MAX ? len : RECORD_MAX; /* one mark for each record */
        if (tls_write(t->tls, data, &taken, &err) != TLS_OK)
            sim_fail(&t->w->sim, "the simulated server cannot encrypt: %s", error_text(&err));
        data += taken;
        len -= taken;
        queue_output(t, MARK_PLAIN, taken);
    }
}

void sim_tls_close(struct sim_tls *t, bool reset)
{
    struct sim *sim = &t->w->sim;
    if (t->ends || t->over)
        return;
    t->resets = reset;
    if (reset && rng_chance(&sim->rng, 300)) {
        sim_cancel(sim, &t->deliver);
        finish(t);
        return;
    }
    if (!reset && t->host->notifies && !t->cut) {
        release_held(t); /* records come in the order in which they were made */
        tls_close_notify(t->tls);
        queue_output(t, MARK_NOTIFY, 0);
    }
    t->ends = t->cut = true;
    start_delivery(t);
}

void sim_tls_break(struct sim_tls *t, enum sim_tls_fault fault, size_t len)
{
    size_t where = rng_below(&t->w->sim.rng, len);
    t->fault = fault;
    t->fault_at = fault == TLS_FAULT_ALERT ? SIZE_MAX : t->queued + where;
    t->alert_in = fault == TLS_FAULT_ALERT ? where : SIZE_MAX;
}

/* ---- from the client ------------------------------------------------------------------------------------------------ */

/* TLS failed at the server. Where the client had no reason to spoil it, it is the client's mistake. */
static void stop_reading(struct sim_tls *t, struct error *err)
{
    bool explained = t->fault != TLS_FAULT_NONE || t->host->flavour != TEST_GOOD || sim_memory_failed() > 0;
    if (!explained)
        sim_fail(&t->w->sim, "the server makes nothing of what the client wrote: %s", error_text(err));
    error_clear(err);
    t->deaf = true;
}

static bool is_1_3(const struct sim_tls *t)
{
    return strcmp(tls_version(t->tls), "TLSv1.3") == 0;
}

static void count_handshake(struct sim_tls *t)
{
    if (tls_resumed(t->tls))
        sim_met(&t->w->sim, is_1_3(t) ? MET_TLS_RESUMED_1_3 : MET_TLS_RESUMED_1_2);
    else
        sim_met(&t->w->sim, is_1_3(t) ? MET_TLS_FULL_1_3 : MET_TLS_FULL_1_2);
}

static void handshake(struct sim_tls *t)
{
    struct error err = {0};
    struct sim_bytes flight = {0};
    int rc;
    do {
        rc = tls_handshake(t->tls, &err);
        collect(t, &flight);
    } while (rc == TLS_WANT_FLUSH);
    t->secure = rc == TLS_OK;
    /* With TLS 1.3 what comes behind the client's Finished is tickets alone. */
    if (flight.len > 0)
        mark_add(t, &t->incoming, t->written, t->secure && is_1_3(t) ? MARK_TICKETS : MARK_FLIGHT)->bytes = flight;
    if (rc < 0)
        stop_reading(t, &err);
    if (t->secure)
        count_handshake(t);
}

/* What was told before it wrote has not reached the client's coroutine yet: it fails all the same. */
static void tell_again(struct sim_tls *t)
{
    if (t->told_bad)
        t->up->told(t->peer, SIM_TOLD_BROKEN, 0);
}

static void decrypt(struct sim_tls *t)
{
    struct error err = {0};
    static char plain[TLS_PLAIN_MAX];
    size_t len;
    int rc;
    while ((rc = tls_read(t->tls, plain, sizeof plain, &len, &err)) == TLS_OK) {
        struct mark *m = mark_add(t, &t->incoming, t->written, MARK_PLAIN);
        sim_bytes_add(&t->w->sim, &m->bytes, plain, len);
        t->spoke = true;
        t->up->writing(t->peer, plain, len);
        tell_again(t);
    }
    if (rc < 0)
        stop_reading(t, &err);
}

void sim_tls_writing(struct sim_tls *t, const char *data, size_t len)
{
    sim_note(&t->w->sim, "writes ciphertext", len, sum(data, len));
    t->written += len;
    if (t->deaf)
        return;
    tls_input(t->tls, data, len);
    if (!t->secure)
        handshake(t);
    if (t->secure && !t->deaf)
        decrypt(t);
}

static void take_flight(struct sim_tls *t, const struct mark *m)
{
    if (m->kind == MARK_TICKETS && rng_chance(&t->w->sim.rng, 500))
        sim_bytes_add(&t->w->sim, &t->held, m->bytes.data, m->bytes.len);
    else
        queue(t, m->bytes.data, m->bytes.len);
}

void sim_tls_arrived(struct sim_tls *t, size_t len)
{
    t->has_arrived += len;
    for (struct mark *m; (m = mark_take(&t->incoming, t->has_arrived));) {
        if (m->kind != MARK_PLAIN)
            take_flight(t, m);
        else
            t->up->arrived(t->peer, m->bytes.data, m->bytes.len);
        mark_free(m);
    }
}

/* ---- what the client is told ------------------------------------------------------------------------------------------ */

static void tell(struct sim_tls *t, enum sim_told what, size_t len)
{
    t->told_bad |= what != SIM_TOLD_BYTES;
    t->up->told(t->peer, what, len);
}

static void read_bytes(struct sim_tls *t, size_t len)
{
    t->read += len;
    for (struct mark *m; (m = mark_take(&t->outgoing, t->read < t->broken_at ? t->read : t->broken_at));) {
        if (m->kind == MARK_PLAIN)
            tell(t, SIM_TOLD_BYTES, m->plain);
        if (m->kind == MARK_NOTIFY) {
            t->notified = true;
            tell(t, SIM_TOLD_END, 0); /* it need not wait for the connection's */
        }
        mark_free(m);
    }
    if (t->read > t->broken_at && !t->told_broken) {
        t->told_broken = true;
        tell(t, SIM_TOLD_BROKEN, 0);
    }
}

void sim_tls_told(struct sim_tls *t, enum sim_told what, size_t len)
{
    if (what == SIM_TOLD_BYTES)
        read_bytes(t, len);
    else
        tell(t, what == SIM_TOLD_END && !t->notified ? SIM_TOLD_CUT : what, 0);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

struct sim_tls *sim_tls_new(struct sim_world *w, struct sim_host *h, struct sock *s, const struct sim_tls_up *up,
                            void *peer)
{
    struct rng *r = &w->sim.rng;
    struct sim_tls *t = sim_alloc(&w->sim, sizeof *t);
    struct error err = {0};
    t->w = w;
    t->host = h;
    t->sock = s;
    t->up = up;
    t->peer = peer;
    t->fault_at = t->alert_in = t->broken_at = SIZE_MAX;
    if (tls_server_new(&t->tls, sim_tls_config(w, h), &err) < 0)
        sim_fail(&w->sim, "the simulated server has no TLS: %s", error_text(&err));
    if (rng_chance(r, h->fault_chance))
        sim_tls_break(t, h->fault, h->fault_within);
    return t;
}

void sim_tls_free(struct sim_tls *t)
{
    if (!t)
        return;
    sim_cancel(&t->w->sim, &t->deliver);
    sim_cancel(&t->w->sim, &t->fuse);
    marks_free(&t->incoming);
    marks_free(&t->outgoing);
    free(t->out.data);
    free(t->held.data);
    tls_free(t->tls);
    free(t);
}
