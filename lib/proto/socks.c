#include "proto/socks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* RFC 1928 and 1929 give a length one byte; version 4 has no bound of its own, and nobody needs more. */
enum { TEXT_MAX = 255 };

enum state { STATE_4_REPLY, STATE_5_METHOD, STATE_5_LOGIN, STATE_5_REPLY, STATE_DONE };

/* What the proxy sends at once: the longest is version 5's reply with a name in it. */
enum { REPLY_MAX = 4 + 1 + TEXT_MAX + 2 };

struct message {
    unsigned char data[1 + 1 + TEXT_MAX + 1 + TEXT_MAX + 8]; /* the longest: user and password; 4a's request */
    size_t len;
};

struct socks {
    enum state state;
    int failed;         /* an error code */
    struct message out; /* being sent */
    size_t out_sent;
    struct message login;   /* of version 5, kept until the proxy has chosen a method; empty: none */
    struct message request; /* likewise */
    unsigned char in[REPLY_MAX];
    size_t in_len;
};

bool socks_takes_name(enum socks_kind kind)
{
    return kind == SOCKS_4A || kind == SOCKS_5H;
}

/* ---- what we send ------------------------------------------------------------------------------------------------ */

static void add(struct message *m, const void *data, size_t len)
{
    memcpy(m->data + m->len, data, len);
    m->len += len;
}

static void add_byte(struct message *m, unsigned byte)
{
    m->data[m->len++] = (unsigned char)byte;
}

static void add_port(struct message *m, uint16_t port)
{
    add_byte(m, port >> 8);
    add_byte(m, port & 0xff);
}

/* A length in one byte, and so many bytes. */
static void add_counted(struct message *m, const char *text)
{
    size_t len = strlen(text);
    add_byte(m, (unsigned)len);
    add(m, text, len);
}

static int bad(struct error *err, const char *why)
{
    return error_set(err, ERR_PROXY, 0, "%s", why);
}

/* Everything is checked before a byte is put down. */
static int check(enum socks_kind kind, const struct socks_target *t, struct error *err)
{
    if (t->user && strlen(t->user) > TEXT_MAX)
        return bad(err, "the SOCKS user name is longer than 255 bytes");
    if (t->password && strlen(t->password) > TEXT_MAX)
        return bad(err, "the SOCKS password is longer than 255 bytes");
    if (socks_takes_name(kind)) {
        /* version 4a ends a name with a NUL, which curl counts in; RFC 1928 section 5 */
        if (strlen(t->host) > (kind == SOCKS_4A ? TEXT_MAX - 1 : TEXT_MAX))
            return bad(err, "the host's name is too long for a SOCKS proxy to look it up");
        return 0;
    }
    if (kind == SOCKS_4 && t->address_len != 4)
        return error_set(err, ERR_PROXY, 0, "SOCKS 4 reaches IPv4 addresses only, and %s has none", t->host);
    return t->address_len == 4 || t->address_len == 16 ? 0 : ERR_INTERNAL;
}

static void write_request_4(struct socks *s, enum socks_kind kind, const struct socks_target *t)
{
    struct message *m = &s->out;
    add(m, "\4\1", 2); /* version, CONNECT */
    add_port(m, t->port);
    add(m, kind == SOCKS_4A ? "\0\0\0\1" : t->address, 4); /* 0.0.0.1: a name follows */
    const char *user = t->user ? t->user : "";
    add(m, user, strlen(user) + 1);
    if (kind == SOCKS_4A)
        add(m, t->host, strlen(t->host) + 1);
    s->state = STATE_4_REPLY;
}

static void add_address(struct message *m, const void *address, size_t len)
{
    add_byte(m, len == 4 ? 1 : 4);
    add(m, address, len);
}

/* An address in text goes as what it is; a proxy need not take it for one where a name is due. */
static void add_host(struct message *m, const char *host)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, host, address) == 1) {
        add_address(m, address, 4);
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        add_address(m, address, 16);
    } else {
        add_byte(m, 3);
        add_counted(m, host);
    }
}

static void write_request_5(struct socks *s, enum socks_kind kind, const struct socks_target *t)
{
    if (t->user || t->password) {
        add_byte(&s->login, 1); /* RFC 1929's own version */
        add_counted(&s->login, t->user ? t->user : "");
        add_counted(&s->login, t->password ? t->password : "");
    }
    add(&s->request, "\5\1\0", 3); /* version, CONNECT, reserved */
    if (kind == SOCKS_5H)
        add_host(&s->request, t->host);
    else
        add_address(&s->request, t->address, t->address_len);
    add_port(&s->request, t->port);
    if (s->login.len)
        add(&s->out, "\5\2\0\2", 4); /* version, two methods: nothing, user and password */
    else
        add(&s->out, "\5\1\0", 3);
    s->state = STATE_5_METHOD;
}

int socks_new(struct socks **out, enum socks_kind kind, const struct socks_target *target, struct error *err)
{
    int rc = check(kind, target, err);
    if (rc != 0)
        return rc;
    struct socks *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERR_MEMORY, 0, NULL);
    if (kind == SOCKS_4 || kind == SOCKS_4A)
        write_request_4(s, kind, target);
    else
        write_request_5(s, kind, target);
    *out = s;
    return 0;
}

void socks_free(struct socks *s)
{
    free(s);
}

int socks_status(const struct socks *s)
{
    if (s->failed)
        return s->failed;
    if (s->out_sent < s->out.len)
        return SOCKS_SEND;
    return s->state == STATE_DONE ? SOCKS_DONE : SOCKS_RECEIVE;
}

const void *socks_output(const struct socks *s, size_t *len)
{
    *len = s->out.len - s->out_sent;
    return s->out.data + s->out_sent;
}

void socks_sent(struct socks *s, size_t len)
{
    s->out_sent += len;
}

/* ---- what the proxy says ----------------------------------------------------------------------------------------- */

static void send_next(struct socks *s, const struct message *m, enum state state)
{
    s->out = *m;
    s->out_sent = 0;
    s->state = state;
}

static int on_reply_4(struct socks *s, struct error *err)
{
    static const char *const reasons[] = {
        "the SOCKS 4 proxy refused or failed",
        "the SOCKS 4 proxy cannot reach the identd that it wants to ask for the user",
        "the SOCKS 4 proxy was told another user by identd",
    };
    unsigned code = s->in[1];
    if (s->in[0] != 0)
        return bad(err, "the proxy does not answer as a SOCKS 4 proxy does");
    if (code >= 91 && code <= 93)
        return error_set(err, ERR_PROXY, 0, "%s (%u)", reasons[code - 91], code);
    if (code != 90)
        return error_set(err, ERR_PROXY, 0, "the SOCKS 4 proxy refused for a reason unknown (%u)", code);
    s->state = STATE_DONE;
    return 0;
}

static int on_method(struct socks *s, struct error *err)
{
    if (s->in[0] != 5)
        return bad(err, "the proxy does not answer as a SOCKS 5 proxy does");
    if (s->in[1] == 0)
        send_next(s, &s->request, STATE_5_REPLY);
    else if (s->in[1] == 2 && s->login.len)
        send_next(s, &s->login, STATE_5_LOGIN);
    else if (s->in[1] == 0xff && s->login.len)
        return bad(err, "the SOCKS 5 proxy wants another proof than user and password");
    else if (s->in[1] == 0xff || s->in[1] == 2)
        return bad(err, "the SOCKS 5 proxy wants a user and a password, or some other proof");
    else
        return error_set(err, ERR_PROXY, 0, "the SOCKS 5 proxy chose a method that was not offered (%u)", s->in[1]);
    return 0;
}

/* Proxies differ in the version they put here: curl does not look either. */
static int on_login(struct socks *s, struct error *err)
{
    if (s->in[1] != 0)
        return error_set(err, ERR_PROXY, 0, "the SOCKS 5 proxy refused the user and password (%u)", s->in[1]);
    send_next(s, &s->request, STATE_5_REPLY);
    return 0;
}

/* RFC 1928 section 6 */
static int on_reply_5(struct socks *s, struct error *err)
{
    static const char *const reasons[] = {
        NULL,
        "the SOCKS 5 proxy failed",
        "the SOCKS 5 proxy's rules forbid the connection",
        "the SOCKS 5 proxy cannot reach the network",
        "the SOCKS 5 proxy cannot reach the host",
        "the host refused the SOCKS 5 proxy's connection",
        "the SOCKS 5 proxy's packets outlived their time to live",
        "the SOCKS 5 proxy does not make connections",
        "the SOCKS 5 proxy does not know this type of address",
    };
    unsigned code = s->in[1];
    if (s->in[0] != 5)
        return bad(err, "the proxy does not answer as a SOCKS 5 proxy does");
    if (code >= sizeof reasons / sizeof reasons[0])
        return error_set(err, ERR_PROXY, 0, "the SOCKS 5 proxy refused for a reason unknown (%u)", code);
    if (code != 0)
        return error_set(err, ERR_PROXY, 0, "%s (%u)", reasons[code], code);
    if (s->in[3] != 1 && s->in[3] != 3 && s->in[3] != 4)
        return error_set(err, ERR_PROXY, 0, "the SOCKS 5 proxy answers with a type of address unknown (%u)", s->in[3]);
    s->state = STATE_DONE;
    return 0;
}

/* Bytes of version 5's reply, as far as they are known: a refusal is over with its first bytes, whatever some proxies
 * send behind it. */
static size_t reply_5_size(const struct socks *s)
{
    if (s->in_len < 5)
        return 5;
    if (s->in[0] != 5 || s->in[1] != 0)
        return 5;
    switch (s->in[3]) {
    case 1:
        return 4 + 4 + 2;
    case 3:
        return 4 + 1 + (size_t)s->in[4] + 2;
    case 4:
        return 4 + 16 + 2;
    }
    return 5;
}

/* How much of the message that is due has to be there before it is read. */
static size_t due(const struct socks *s)
{
    switch (s->state) {
    case STATE_4_REPLY:
        return 8;
    case STATE_5_METHOD:
    case STATE_5_LOGIN:
        return 2;
    case STATE_5_REPLY:
        return reply_5_size(s);
    case STATE_DONE:
        break;
    }
    return 0;
}

static int on_message(struct socks *s, struct error *err)
{
    switch (s->state) {
    case STATE_4_REPLY:
        return on_reply_4(s, err);
    case STATE_5_METHOD:
        return on_method(s, err);
    case STATE_5_LOGIN:
        return on_login(s, err);
    case STATE_5_REPLY:
        return on_reply_5(s, err);
    case STATE_DONE:
        break;
    }
    return 0;
}

int socks_feed(struct socks *s, const void *data, size_t len, size_t *used, struct error *err)
{
    size_t at = 0;
    while (at < len && !s->failed && s->state != STATE_DONE) {
        /* a byte at a time: a handshake has a few dozen, and a size is known only once its first bytes are there */
        s->in[s->in_len++] = ((const unsigned char *)data)[at++];
        if (s->in_len < due(s))
            continue;
        s->failed = on_message(s, err);
        s->in_len = 0;
        if (!s->failed && s->state != STATE_DONE && at < len) /* it cannot answer what it has not got */
            s->failed = bad(err, "the SOCKS proxy speaks out of turn");
    }
    *used = at;
    return socks_status(s);
}

int socks_eof(struct socks *s, struct error *err)
{
    if (!s->failed)
        s->failed = bad(err, "the SOCKS proxy closed the connection within the handshake");
    return s->failed;
}
