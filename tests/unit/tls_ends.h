/* Two ends of TLS over memory and the wires between them: our client, and the serving half of tests/server. */
#ifndef TESTS_UNIT_TLS_ENDS_H
#define TESTS_UNIT_TLS_ENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tls_impl.h"
#include "server/test_ca.h"
#include "server/tls_server.h"

struct side {
    struct tls *t;
    struct buf wire; /* on its way to this end */
    char *block;     /* what was handed in: of exact size, so that reading past it is seen */
    size_t segment;  /* bytes handed in at once; 0: all that is there */
    size_t first;    /* the first segment's size, if not 0 */
    bool closed;     /* nothing comes after the wire's bytes */
    int rc;
    struct error err;
};

static struct test_ca *ca;
static struct tls_config *clients[4]; /* by minor version; verifying, trusting ca */
static struct tls_config *lax[4];     /* insecure */

static inline void check(int rc, struct error *err)
{
    if (rc < 0)
        fail_msg("%s", error_text(err));
}

static inline struct tls_config *client_config(int minor, bool insecure, const char *alpn)
{
    struct error err = {0};
    struct tls_config *c = NULL;
    struct tls_options opt = {.insecure = insecure, .min_minor = minor, .max_minor = minor, .alpn = {alpn}};
    check(tls_config_new(&c, &opt, &err), &err);
    if (!insecure)
        check(tls_config_add_trust(c, test_ca_pem(ca), strlen(test_ca_pem(ca)), "test CA", &err), &err);
    return c;
}

static inline struct tls_config *server_with(const struct test_cert *cert, bool tickets, const char *alpn)
{
    struct error err = {0};
    struct tls_config *c = NULL;
    struct tls_server_options opt = {.cert = cert->cert, .key = cert->key, .tickets = tickets, .alpn = {alpn}};
    check(tls_server_config_new(&c, &opt, &err), &err);
    return c;
}

static inline struct tls_config *server_for(struct test_ca *issuer, const struct test_cert_spec *spec, bool tickets)
{
    struct error err = {0};
    struct test_cert cert = {0};
    check(test_ca_issue(issuer, spec, &cert, &err), &err);
    struct tls_config *c = server_with(&cert, tickets, NULL);
    test_cert_deinit(&cert);
    return c;
}

static inline struct tls_config *good_server(bool tickets)
{
    static const char *const names[] = {"a.example", NULL};
    return server_for(ca, &(struct test_cert_spec){.names = names}, tickets);
}

static inline int group_setup(void **state)
{
    (void)state;
    struct error err = {0};
    check(test_ca_new(&ca, "Test CA", &err), &err);
    for (int minor = 2; minor <= 3; minor++) {
        clients[minor] = client_config(minor, false, NULL);
        lax[minor] = client_config(minor, true, NULL);
    }
    return 0;
}

static inline int group_teardown(void **state)
{
    (void)state;
    for (int minor = 2; minor <= 3; minor++) {
        tls_config_free(clients[minor]);
        tls_config_free(lax[minor]);
    }
    test_ca_free(ca);
    return 0;
}

static inline void side_init(struct side *s, struct tls *t, size_t segment)
{
    *s = (struct side){.t = t, .segment = segment};
    buf_init(&s->wire, (size_t)1 << 24);
}

static inline void side_deinit(struct side *s)
{
    tls_free(s->t);
    buf_deinit(&s->wire);
    free(s->block);
    error_clear(&s->err);
}

static inline void open_ends(struct side *c, struct side *s, struct tls_config *cc, struct tls_config *sc,
                             const char *host, const struct tls_session *resume, size_t segment)
{
    struct error err = {0};
    struct tls *client = NULL, *server = NULL;
    check(tls_new(&client, cc, host, resume, &err), &err);
    check(tls_server_new(&server, sc, &err), &err);
    side_init(c, client, segment);
    side_init(s, server, segment);
}

/* Sends all that from has to send, in odd pieces. */
static inline bool flush(struct side *from, struct side *to)
{
    size_t len, all = 0;
    const char *data;
    while ((data = tls_output(from->t, &len)), len > 0) {
        size_t n = len > 7 ? len - 3 : len;
        assert_int_equal(buf_add(&to->wire, data, n), 0);
        tls_sent(from->t, n);
        all += n;
    }
    return all > 0;
}

/* Hands in the next segment; false if there is none. */
static inline bool feed(struct side *s)
{
    assert_int_equal(tls_left(s->t), 0);
    free(s->block);
    s->block = NULL;
    if (s->wire.len == 0) {
        bool news = s->closed;
        if (news)
            tls_input_eof(s->t);
        s->closed = false;
        return news;
    }
    size_t n = s->first ? s->first : s->segment ? s->segment : s->wire.len;
    s->first = 0;
    n = n < s->wire.len ? n : s->wire.len;
    s->block = malloc(n);
    assert_non_null(s->block);
    memcpy(s->block, s->wire.data, n);
    buf_drop(&s->wire, n);
    tls_input(s->t, s->block, n);
    return true;
}

/* Goes on with an end's handshake as far as it comes; whether anything happened. */
static inline bool shake(struct side *me, struct side *peer)
{
    bool news = false;
    while (me->rc >= 0) {
        me->rc = tls_handshake(me->t, &me->err);
        news = flush(me, peer) || news;
        if (me->rc == TLS_OK || me->rc < 0)
            return true;
        if (me->rc == TLS_WANT_INPUT && !feed(me))
            return news;
        news = true;
    }
    return news;
}

static inline void handshake(struct side *c, struct side *s)
{
    bool c_over = false, s_over = false;
    for (bool news = true; news && !(c_over && s_over);) {
        news = false;
        if (!c_over) {
            news = shake(c, s);
            c_over = c->rc <= TLS_OK;
        }
        if (!s_over) {
            news = shake(s, c) || news;
            s_over = s->rc <= TLS_OK;
        }
    }
}

/* Reads up to want bytes; returns how many came before the end, a failure (in me->rc) or want of input. */
static inline size_t receive(struct side *me, struct side *peer, char *to, size_t want)
{
    size_t got = 0;
    while (got < want) {
        size_t len = 0;
        me->rc = tls_read(me->t, to + got, want - got, &len, &me->err);
        flush(me, peer);
        if (me->rc == TLS_OK) {
            assert_true(len > 0);
            got += len;
        } else if (me->rc != TLS_WANT_FLUSH && (me->rc != TLS_WANT_INPUT || !feed(me))) {
            break;
        }
    }
    return got;
}

static inline void transmit(struct side *me, struct side *peer, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = len;
        int rc = tls_write(me->t, data, &n, &me->err);
        check(rc, &me->err);
        if (rc == TLS_OK) {
            assert_in_range(n, 1, len);
            data += n;
            len -= n;
        }
        flush(me, peer);
    }
}

static inline void assert_open(struct side *c, struct side *s)
{
    check(c->rc, &c->err);
    check(s->rc, &s->err);
    assert_int_equal(c->rc, TLS_OK);
    assert_int_equal(s->rc, TLS_OK);
}

static inline void assert_sentence(struct side *s, int code, const char *sentence)
{
    assert_string_equal(error_text(&s->err), sentence);
    assert_int_equal(s->rc, code);
}

static inline char letter(size_t i)
{
    return (char)(i * 31 + i / 251);
}

static inline void echo(int minor, struct tls_config *server, size_t segment, size_t size)
{
    struct side c, s;
    open_ends(&c, &s, clients[minor], server, "a.example", NULL, segment);
    handshake(&c, &s);
    assert_open(&c, &s);
    assert_string_equal(tls_version(c.t), minor == 2 ? "TLSv1.2" : "TLSv1.3");
    assert_non_null(strstr(tls_cipher(c.t), "AES-128-GCM"));
    assert_null(tls_alpn(c.t));
    assert_false(tls_resumed(c.t));
    char *sent = malloc(size), *got = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        sent[i] = letter(i);
    transmit(&c, &s, sent, size);
    assert_int_equal(receive(&s, &c, got, size), size);
    transmit(&s, &c, got, size);
    memset(got, 0, size);
    assert_int_equal(receive(&c, &s, got, size), size);
    assert_memory_equal(sent, got, size);
    tls_close_notify(s.t);
    flush(&s, &c);
    assert_int_equal(receive(&c, &s, got, 1), 0);
    assert_int_equal(c.rc, TLS_END);
    assert_int_equal(receive(&c, &s, got, 1), 0);
    assert_int_equal(c.rc, TLS_END);
    free(sent);
    free(got);
    side_deinit(&c);
    side_deinit(&s);
}

#endif
