/* TLS as a stream: proto/tls.h fed from the stream below, and its output flushed there. */
#include <string.h>

#include "net/stream.h"
#include "proto/tls.h"

struct tls_stream;

struct tls_reader {
    struct co co; /* first */
    struct tls_stream *t;
    bool blocked; /* nothing is read before the output is flushed */
};

struct tls_writer {
    struct co co; /* first */
    struct tls_stream *t;
    const char *data;
    size_t len;
};

struct tls_stream {
    struct stream stream; /* first */
    struct stream *below;
    struct tls *tls;
    char *plain; /* one record's plaintext, made at the first read; freed while idle */
    size_t plain_len;
    struct tls_reader reader;
    struct tls_writer writer;
    struct error read_error, write_error;
    bool eof;            /* the stream below has ended */
    bool broken;         /* it takes no more; what it has brought may be read all the same */
    int broken_sys;      /* why: an errno */
    bool flushing;       /* one of the two writes below */
    struct co_op turn;   /* the other waits for that */
    const char *in_data; /* what below lent */
    size_t in_len;
};

static struct tls_stream *tls_of(struct stream *s)
{
    return (struct tls_stream *)s;
}

/* ---- what reader, writer and handshake share ------------------------------------------------------------------------ */

static void cancel_turn(struct co_op *op, int reason)
{
    co_complete(op, reason);
}

/* While somebody else flushes: completes when he has ended a flush, and may have begun another. */
static struct co_op *take_turn(struct tls_stream *t)
{
    return co_op_begin(&t->turn, cancel_turn);
}

static struct co_op *flush_begin(struct tls_stream *t, struct co *caller)
{
    size_t len;
    const void *data = tls_output(t->tls, &len);
    t->flushing = true;
    return stream_write(t->below, caller, data, len);
}

static void flush_end(struct tls_stream *t)
{
    t->flushing = false;
    if (t->turn.status == CO_OP_PENDING)
        co_complete(&t->turn, 0);
}

static int flushed(struct tls_stream *t, struct error *err)
{
    size_t len;
    tls_output(t->tls, &len);
    struct error own = {0};
    int rc = stream_sent(t->below, &own);
    if (rc >= 0)
        tls_sent(t->tls, len);
    t->broken |= rc < 0;
    t->broken_sys = own.sys;
    if (rc < 0)
        error_copy(err, &own);
    error_clear(&own);
    flush_end(t);
    return rc;
}

/* To be flushed, and it can be. */
static bool has_output(struct tls_stream *t)
{
    size_t len;
    tls_output(t->tls, &len);
    return len > 0 && !t->broken;
}

/* Takes what the read below brought and hands it to TLS. */
static int take_input(struct tls_stream *t, struct error *err)
{
    int rc = stream_got(t->below, &t->in_data, &t->in_len, err);
    if (rc > 0)
        tls_input(t->tls, t->in_data, t->in_len);
    if (rc == 0) {
        t->eof = true;
        tls_input_eof(t->tls);
    }
    return rc;
}

/* Ciphertext that is left when plaintext is given away must outlast the next await. */
static int keep_input(struct tls_stream *t, struct error *err)
{
    size_t left = tls_left(t->tls);
    if (left == 0)
        return 0;
    const char *kept = stream_keep(t->below, t->in_data + t->in_len - left, left);
    if (!kept)
        return error_set(err, ERR_MEMORY, 0, NULL);
    t->in_data = kept;
    t->in_len = left;
    tls_move(t->tls, kept);
    return 0;
}

/* ---- the handshake ---------------------------------------------------------------------------------------------------- */

/* A connection that breaks before it is secure is a failed handshake, as it is to curl. */
static int broken_handshake(struct tls_open *o)
{
    if (o->err->code == ERR_RECV || o->err->code == ERR_SEND) {
        int sys = o->err->sys;
        error_clear(o->err);
        error_set(o->err, ERR_TLS, sys, "the connection broke");
    }
    return o->err->code;
}

void tls_open_run(struct co *co)
{
    CO_BEGIN(struct tls_open, o);
    do {
        o->rc = tls_handshake(tls_of(o->stream)->tls, o->err);
        if (has_output(tls_of(o->stream))) {
            CO_AWAIT(flushing, flush_begin(tls_of(o->stream), co));
            if (flushed(tls_of(o->stream), o->rc < 0 ? NULL : o->err) < 0 && o->rc >= 0)
                CO_RETURN(broken_handshake(o));
        } else if (o->rc == TLS_WANT_INPUT) {
            stream_release(tls_of(o->stream)->below);
            CO_AWAIT(greeting, stream_read(tls_of(o->stream)->below, co));
            if (take_input(tls_of(o->stream), o->err) < 0)
                CO_RETURN(broken_handshake(o));
        }
    } while (o->rc > TLS_OK);
    o->wants_1_2 = o->rc == ERR_TLS && tls_wants_1_2(tls_of(o->stream)->tls);
    if (o->rc == TLS_OK)
        o->rc = keep_input(tls_of(o->stream), o->err);
    co->ret = o->rc;
    CO_CLEANUP;
    flush_end(tls_of(o->stream));
    CO_END;
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

/* Ends with 1 and plaintext, 0 at close_notify, or an error in read_error. */
static void tls_reader_run(struct co *co)
{
    CO_BEGIN(struct tls_reader, r);
    for (;;) {
        if (!r->t->plain && !(r->t->plain = malloc(TLS_PLAIN_MAX)))
            CO_RETURN(error_set(&r->t->read_error, ERR_MEMORY, 0, NULL));
        co->rc = tls_read(r->t->tls, r->t->plain, TLS_PLAIN_MAX, &r->t->plain_len, &r->t->read_error);
        if (co->rc < 0)
            CO_RETURN(co->rc);
        if (co->rc == TLS_END)
            CO_RETURN(0);
        if (co->rc == TLS_OK)
            CO_RETURN(keep_input(r->t, &r->t->read_error) < 0 ? ERR_MEMORY : 1);
        if (co->rc == TLS_WANT_FLUSH && r->t->broken)
            CO_RETURN(error_set(&r->t->read_error, ERR_RECV, r->t->broken_sys, NULL));
        r->blocked = co->rc == TLS_WANT_FLUSH;
        if (has_output(r->t) && (r->blocked || !r->t->flushing)) { /* else the writer sends it on */
            while (r->t->flushing)
                CO_TRY(taking_turn, take_turn(r->t));
            if (has_output(r->t)) {
                CO_AWAIT(flushing, flush_begin(r->t, co));
                if (flushed(r->t, &r->t->read_error) < 0)
                    CO_RETURN(r->t->read_error.code);
            }
        } else {
            stream_release(r->t->below);
            free(r->t->plain); /* a connection that waits holds no buffer of its own */
            r->t->plain = NULL;
            CO_AWAIT(receiving, stream_read(r->t->below, co));
            if (take_input(r->t, &r->t->read_error) < 0)
                CO_RETURN(r->t->read_error.code);
        }
    }
    CO_CLEANUP;
    CO_END;
}

static struct co_op *tls_stream_read(struct stream *s, struct co *caller)
{
    struct tls_stream *t = tls_of(s);
    if (s->reading)
        return &t->reader.co.end;
    s->reading = true;
    t->reader = (struct tls_reader){.t = t};
    return co_call(caller, &t->reader.co, tls_reader_run);
}

static int tls_stream_got(struct stream *s, const char **data, size_t *len, struct error *err)
{
    struct tls_stream *t = tls_of(s);
    int rc = t->reader.co.end.rc;
    *data = t->plain;
    *len = t->plain_len;
    if (rc == ERR_RECV && t->eof) /* an end without close_notify is for the layer above to judge */
        return ERR_PARTIAL;
    if (rc < 0 && t->read_error.code && err && !err->code) {
        *err = t->read_error;
        t->read_error = (struct error){0};
    }
    return rc;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static int encrypt(struct tls_writer *w)
{
    size_t len = w->len;
    int rc = tls_write(w->t->tls, w->data, &len, &w->t->write_error);
    if (rc == TLS_OK) {
        w->data += len;
        w->len -= len;
    }
    return rc;
}

static void tls_writer_run(struct co *co)
{
    CO_BEGIN(struct tls_writer, w);
    while (w->len > 0 || has_output(w->t)) {
        while (w->t->flushing)
            CO_TRY(taking_turn, take_turn(w->t));
        if (w->t->broken)
            CO_RETURN(error_set(&w->t->write_error, ERR_SEND, w->t->broken_sys, NULL));
        if (w->len > 0 && (co->rc = encrypt(w)) < 0)
            CO_RETURN(co->rc);
        if (!has_output(w->t))
            continue;
        CO_AWAIT(sending, flush_begin(w->t, co));
        if (flushed(w->t, &w->t->write_error) < 0)
            CO_RETURN(w->t->write_error.code);
    }
    CO_CLEANUP;
    CO_END;
}

static struct co_op *tls_stream_write(struct stream *s, struct co *caller, const void *data, size_t len)
{
    struct tls_stream *t = tls_of(s);
    t->writer = (struct tls_writer){.t = t, .data = data, .len = len};
    return co_call(caller, &t->writer.co, tls_writer_run);
}

static int tls_stream_sent(struct stream *s, struct error *err)
{
    struct tls_stream *t = tls_of(s);
    int rc = t->writer.co.end.rc;
    if (rc < 0 && t->write_error.code && err && !err->code) {
        *err = t->write_error;
        t->write_error = (struct error){0};
    }
    return rc;
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------- */

static const char *tls_stream_keep(struct stream *s, const char *data, size_t len)
{
    (void)s;
    (void)len;
    return data; /* the plaintext buffer is the stream's own */
}

static void tls_stream_release(struct stream *s)
{
    (void)s;
}

static bool tls_stream_stale(struct stream *s)
{
    struct tls_stream *t = tls_of(s);
    return s->reading || tls_left(t->tls) > 0 || stream_stale(t->below);
}

static void tls_stream_close(struct stream *s)
{
    struct tls_stream *t = tls_of(s);
    if (t->reader.co.sched)
        co_abandon(&t->reader.co);
    if (t->writer.co.sched)
        co_abandon(&t->writer.co);
    stream_close(t->below);
    tls_free(t->tls);
    free(t->plain);
    error_clear(&t->read_error);
    error_clear(&t->write_error);
    free(t);
}

/* What was decrypted lies in a buffer of our own. */
static void tls_unread(struct stream *s)
{
    (void)s;
}

static void tls_stream_move(struct stream *s, struct engine *e)
{
    stream_move(tls_of(s)->below, e);
    s->engine = e;
}

static int tls_stream_local(struct stream *s, struct addr *out)
{
    return stream_local(tls_of(s)->below, out);
}

static const struct stream_ops tls_ops = {
    .read = tls_stream_read,
    .got = tls_stream_got,
    .write = tls_stream_write,
    .sent = tls_stream_sent,
    .keep = tls_stream_keep,
    .release = tls_stream_release,
    .stale = tls_stream_stale,
    .unread = tls_unread,
    .move = tls_stream_move,
    .local = tls_stream_local,
    .close = tls_stream_close,
};

int stream_new_tls(struct stream **out, struct stream *below, struct tls *tls)
{
    struct tls_stream *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_MEMORY;
    t->stream.ops = &tls_ops;
    t->stream.engine = below->engine;
    t->below = below;
    t->tls = tls;
    *out = &t->stream;
    return 0;
}

struct tls *stream_tls(struct stream *s)
{
    return s->ops == &tls_ops ? tls_of(s)->tls : NULL;
}

struct stream *stream_below(struct stream *s)
{
    return s->ops == &tls_ops ? tls_of(s)->below : NULL;
}
