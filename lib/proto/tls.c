#include "proto/tls.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/platform.h>

#include "proto/tls_impl.h"

#define OUTPUT_ENOUGH (TLS_OUTPUT_MAX / 2) /* tls_write adds nothing to more than this: a record always finds room */
#define IDLE_TURNS 64                      /* of the library without progress; more would be a bug of it that spins */

/* --- memory in the place of a socket --- */

static int give_input(void *tls, unsigned char *to, size_t size)
{
    struct tls *t = tls;
    if (t->in_left == 0)
        return t->eof ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    size_t n = size < t->in_left ? size : t->in_left;
    memcpy(to, t->in, n);
    for (size_t i = 0; i < n && t->first_len < sizeof t->first; i++)
        t->first[t->first_len++] = t->in[i];
    t->in += n;
    t->in_left -= n;
    return (int)n;
}

/* Bytes of output that are not sent yet. */
static size_t waiting(const struct tls *t)
{
    return t->lent.len - t->lent_sent + t->out.len;
}

static int take_output(void *tls, const unsigned char *from, size_t len)
{
    struct tls *t = tls;
    size_t room = TLS_OUTPUT_MAX - waiting(t);
    if (room == 0)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    size_t n = len < room ? len : room;
    if (buf_add(&t->out, from, n) < 0)
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    return (int)n;
}

void tls_input(struct tls *t, const void *data, size_t len)
{
    assert(t->in_left == 0);
    t->in = data;
    t->in_left = len;
}

size_t tls_left(const struct tls *t)
{
    return t->in_left;
}

void tls_move(struct tls *t, const void *data)
{
    t->in = data;
}

void tls_input_eof(struct tls *t)
{
    t->eof = true;
}

const void *tls_output(struct tls *t, size_t *len)
{
    if (t->lent.len == 0 && t->out.len > 0) {
        struct buf empty = t->lent;
        t->lent = t->out;
        t->out = empty;
    }
    *len = t->lent.len - t->lent_sent;
    return *len > 0 ? t->lent.data + t->lent_sent : NULL;
}

void tls_sent(struct tls *t, size_t len)
{
    assert(len <= t->lent.len - t->lent_sent);
    t->lent_sent += len;
    if (t->lent_sent < t->lent.len)
        return;
    buf_deinit(&t->lent); /* a connection that waits keeps nothing here */
    t->lent_sent = 0;
}

/* --- making one --- */

int tls_make(struct tls **out, struct tls_config *c, const mbedtls_ssl_config *conf, struct error *err)
{
    struct tls *t = calloc(1, sizeof *t);
    if (!t)
        return error_set(err, ERR_MEMORY, 0, NULL);
    t->config = c;
    t->not_after_s = INT64_MAX;
    buf_init(&t->out, TLS_OUTPUT_MAX);
    buf_init(&t->lent, TLS_OUTPUT_MAX);
    mbedtls_ssl_init(&t->ssl);
    int rc = mbedtls_ssl_setup(&t->ssl, conf);
    if (rc != 0) {
        rc = tls_explain(t, rc, err);
        tls_free(t);
        return rc;
    }
    mbedtls_ssl_set_bio(&t->ssl, t, take_output, give_input, NULL);
    *out = t;
    return 0;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    mbedtls_ssl_free(&t->ssl);
    buf_deinit(&t->out);
    buf_deinit(&t->lent);
    free(t->verdict.text);
    free(t->host);
    free(t);
}

/* The name in the form that is compared: no brackets, no final dot, lower case. NULL without memory. */
static char *plain_host(const char *host)
{
    size_t len = strlen(host);
    if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    } else if (len > 1 && host[len - 1] == '.') {
        len--;
    }
    char *plain = strndup(host, len);
    for (size_t i = 0; plain && plain[i]; i++)
        plain[i] = tls_lower(plain[i]);
    return plain;
}

static int set_host(struct tls *t, const char *host, struct error *err)
{
    t->host = plain_host(host);
    if (!t->host)
        return error_set(err, ERR_MEMORY, 0, NULL);
    t->ip_len = (unsigned char)mbedtls_x509_crt_parse_cn_inet_pton(t->host, t->ip);
    /* An address is no name for SNI (RFC 6066 3), and mbedTLS would send it as one. tls_verify checks it. */
    int rc = mbedtls_ssl_set_hostname(&t->ssl, t->ip_len > 0 ? NULL : t->host);
    if (rc == MBEDTLS_ERR_SSL_BAD_INPUT_DATA)
        return error_set(err, ERR_TLS, 0, "the host's name is too long");
    if (rc != 0)
        return tls_explain(t, rc, err);
    mbedtls_ssl_set_verify(&t->ssl, tls_verify, t);
    return 0;
}

/* A session that cannot be offered is no error: the handshake is a full one then. */
static void offer(struct tls *t, const struct tls_session *s)
{
    if (s->config_id != t->config->id || strcmp(s->host, t->host) != 0 || s->not_after_s < (int64_t)time(NULL) ||
        (t->config->verify && !s->verified) || (t->config->pins && !s->pinned))
        return;
    if (mbedtls_ssl_set_session(&t->ssl, &s->ssl) != 0)
        return;
    t->offered = s->verified;
    t->pinned = s->pinned;
    t->not_after_s = s->not_after_s;
}

static int make_client(struct tls **out, struct tls_config *c, const mbedtls_ssl_config *conf, const char *host,
                       struct error *err)
{
    struct tls *t = NULL;
    int rc = tls_make(&t, c, conf, err);
    if (rc == 0)
        rc = set_host(t, host, err);
    if (rc < 0) {
        tls_free(t);
        return rc;
    }
    t->only_1_2 = conf == &c->ssl_1_2;
    tls_watch_secrets(t);
    *out = t;
    return 0;
}

int tls_new(struct tls **out, struct tls_config *c, const char *host, const struct tls_session *resume,
            struct error *err)
{
    int rc = make_client(out, c, &c->ssl, host, err);
    if (rc == 0 && resume)
        offer(*out, resume);
    return rc;
}

/* ---- TLS 1.2 at the second try --- */

bool tls_wants_1_2(const struct tls *t)
{
    return t->wants_1_2;
}

int tls_new_1_2(struct tls **out, struct tls_config *c, const char *host, struct error *err)
{
    if (!c->has_1_2)
        return error_set(err, ERR_TLS, 0, "TLS 1.2 is not allowed");
    return make_client(out, c, &c->ssl_1_2, host, err);
}

/* --- the calls that go on --- */

/* Whether to call the library again at once after it said WANT_READ: it does so with input left, or with a message in
 * its own buffer, after a ticket say. */
static bool go_on(struct tls *t, size_t left_before, int *idle)
{
    if (t->in_left == left_before)
        ++*idle;
    else
        *idle = 0;
    return *idle < IDLE_TURNS && (t->in_left > 0 || t->eof || mbedtls_ssl_check_pending(&t->ssl));
}

static int spoiled(struct tls *t, int code)
{
    t->failed = code;
    return code;
}

/* One call of the library ended with rc, which is not success. TLS_OK: call it again; else what to return, except for
 * ERR_INTERNAL, which stands for a failure that the caller must put into words. */
static int after(struct tls *t, int rc, size_t left_before, int *idle)
{
    switch (rc) {
    case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
        t->has_ticket = true;
        *idle = 0;
        return TLS_OK;
    case MBEDTLS_ERR_SSL_WANT_READ:
        if (go_on(t, left_before, idle))
            return TLS_OK;
        return *idle < IDLE_TURNS ? TLS_WANT_INPUT : ERR_INTERNAL;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return TLS_WANT_FLUSH;
    default:
        return ERR_INTERNAL;
    }
}

/* The library keeps the peer's chain as long as the connection; nobody asks for it again, and it is kilobytes. */
static void drop_chain(struct tls *t)
{
    mbedtls_ssl_session *s = t->ssl.MBEDTLS_PRIVATE(session);
    if (!s || !s->MBEDTLS_PRIVATE(peer_cert))
        return;
    mbedtls_x509_crt_free(s->MBEDTLS_PRIVATE(peer_cert));
    mbedtls_free(s->MBEDTLS_PRIVATE(peer_cert));
    s->MBEDTLS_PRIVATE(peer_cert) = NULL;
}

/* A session that was resumed has the pin of the handshake that made it. */
static int check_pin(struct tls *t, struct error *err)
{
    if (!t->config->pins)
        return 0;
    if (t->full)
        t->pinned = tls_check_pin(t, err) == 0;
    return t->pinned ? 0 : error_set(err, ERR_PIN, 0, NULL);
}

static int finish_handshake(struct tls *t, struct error *err)
{
    /* It cannot be otherwise if mbedTLS does what we asked of it; if it ever does not, fail. */
    if (t->config->verify && !(t->full ? t->verified : t->offered))
        return spoiled(t, error_set(err, ERR_CERT, 0, "not verified"));
    if (check_pin(t, err) < 0)
        return spoiled(t, ERR_PIN);
    if (t->downgraded)
        return spoiled(t, error_set(err, ERR_TLS, 0, "somebody in between forced TLS 1.2 upon a server of TLS 1.3"));
    t->done = true;
    t->has_ticket = t->config->client && mbedtls_ssl_get_version_number(&t->ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
    drop_chain(t);
    free(t->verdict.text);
    t->verdict = (struct tls_verdict){0};
    return TLS_OK;
}

static int state(const struct tls *t)
{
    return t->ssl.MBEDTLS_PRIVATE(state);
}

/* Where a server of TLS 1.2 tells how it signed (RFC 5246 7.4.3). */
static bool at_signature(const struct tls *t)
{
    return t->config->client && state(t) == MBEDTLS_SSL_SERVER_KEY_EXCHANGE &&
           mbedtls_ssl_get_version_number(&t->ssl) == MBEDTLS_SSL_VERSION_TLS1_2;
}

int tls_handshake(struct tls *t, struct error *err)
{
    if (t->failed)
        return error_set(err, t->failed, 0, "failed before");
    int idle = 0;
    /* Not mbedtls_ssl_is_handshake_over: to that a server is done before it has sent its tickets. */
    while (!t->done && state(t) != MBEDTLS_SSL_HANDSHAKE_OVER) {
        /* A resumed handshake goes round this state. */
        if (state(t) == MBEDTLS_SSL_SERVER_CERTIFICATE)
            t->full = true;
        size_t before = t->in_left;
        int rc = mbedtls_ssl_handshake_step(&t->ssl);
        if (rc == 0)
            continue;
        int status = after(t, rc, before, &idle);
        if (status == ERR_INTERNAL) {
            t->wants_1_2 = t->config->has_1_2 && rc == MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER && at_signature(t);
            return spoiled(t, tls_explain(t, rc, err));
        }
        if (status != TLS_OK)
            return status;
    }
    return t->done ? TLS_OK : finish_handshake(t, err);
}

/* A failure after the handshake. */
static int broken(struct tls *t, int code, int rc, struct error *err)
{
    char text[200];
    if (tls_lacks_memory(rc))
        return spoiled(t, error_set(err, ERR_MEMORY, 0, NULL));
    return spoiled(t, error_set(err, code, 0, "%s", tls_describe(t, rc, text, sizeof text)));
}

int tls_read(struct tls *t, void *plain, size_t size, size_t *len, struct error *err)
{
    if (t->ended)
        return TLS_END;
    if (t->failed)
        return error_set(err, t->failed, 0, "failed before");
    if (!t->done)
        return error_set(err, ERR_INTERNAL, 0, "a read before the handshake");
    if (size > TLS_PLAIN_MAX)
        size = TLS_PLAIN_MAX;
    int idle = 0;
    for (;;) {
        size_t before = t->in_left;
        int rc = mbedtls_ssl_read(&t->ssl, plain, size);
        if (rc > 0) {
            *len = (size_t)rc;
            return TLS_OK;
        }
        if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            t->ended = true;
            return TLS_END;
        }
        int status = after(t, rc, before, &idle);
        if (status == ERR_INTERNAL)
            return broken(t, ERR_RECV, rc, err);
        if (status != TLS_OK)
            return status;
    }
}

int tls_write(struct tls *t, const void *plain, size_t *len, struct error *err)
{
    if (t->failed)
        return error_set(err, t->failed, 0, "failed before");
    if (!t->done || t->closed)
        return error_set(err, ERR_INTERNAL, 0, "a write before the handshake or after the end");
    const unsigned char *p = plain;
    size_t taken = 0;
    int idle = 0;
    while (taken < *len && waiting(t) <= OUTPUT_ENOUGH) {
        size_t before = t->in_left;
        size_t want = *len - taken < TLS_PLAIN_MAX ? *len - taken : TLS_PLAIN_MAX;
        int rc = mbedtls_ssl_write(&t->ssl, p + taken, want);
        if (rc > 0) {
            taken += (size_t)rc;
            continue;
        }
        int status = after(t, rc, before, &idle);
        if (status == ERR_INTERNAL)
            return broken(t, ERR_SEND, rc, err);
        if (status != TLS_OK)
            return status;
    }
    if (taken == 0)
        return TLS_WANT_FLUSH;
    *len = taken;
    return TLS_OK;
}

void tls_close_notify(struct tls *t)
{
    if (!t->done || t->closed || t->failed)
        return;
    t->closed = true;
    (void)mbedtls_ssl_close_notify(&t->ssl); /* without room or memory the peer sees an unclean end, no more */
}

/* --- what came of it --- */

const char *tls_version(const struct tls *t)
{
    return mbedtls_ssl_get_version(&t->ssl);
}

const char *tls_cipher(const struct tls *t)
{
    return mbedtls_ssl_get_ciphersuite(&t->ssl);
}

const char *tls_alpn(const struct tls *t)
{
    return mbedtls_ssl_get_alpn_protocol(&t->ssl);
}

bool tls_resumed(const struct tls *t)
{
    return t->done && !t->full;
}

/* Whether there is anything in it to resume by. */
static bool resumable(const mbedtls_ssl_session *s)
{
    return s->MBEDTLS_PRIVATE(ticket_len) > 0 || s->MBEDTLS_PRIVATE(id_len) > 0;
}

struct tls_session *tls_take_session(struct tls *t)
{
    if (!t->done || !t->has_ticket)
        return NULL;
    t->has_ticket = false;
    struct tls_session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    mbedtls_ssl_session_init(&s->ssl);
    s->host = strdup(t->host);
    s->config_id = t->config->id;
    s->not_after_s = t->not_after_s;
    s->verified = t->full ? t->verified : t->offered;
    s->pinned = t->pinned;
    if (!s->host || mbedtls_ssl_get_session(&t->ssl, &s->ssl) != 0 || !resumable(&s->ssl)) {
        tls_session_free(s);
        return NULL;
    }
    return s;
}

void tls_session_free(struct tls_session *s)
{
    if (!s)
        return;
    mbedtls_ssl_session_free(&s->ssl);
    free(s->host);
    free(s);
}
