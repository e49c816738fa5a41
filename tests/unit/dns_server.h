/* A DNS server for unit tests: a thread with a UDP and a TCP socket on a free port of 127.0.0.1, whose answers are made
 * from the name that is asked for:
 *
 *     both.test    A 192.0.2.1 and .2, AAAA 2001:db8::1   four.test    A 192.0.2.4, no AAAA
 *     alias.test   CNAME four.test, TTL 2                 empty.test   neither
 *     many.test    20 A                                   short.test   A 192.0.2.N, TTL 2; N: how often it was asked for
 *     cut.test     60 A, by TCP alone                     late.test    A 192.0.2.9 after 300 ms
 *     never.test   no answer at all                       fail.test    SERVFAIL
 *     garbage.test an answer that is none                 nK.bulk      A 10.0.K/256.K%256 after 20 ms
 *
 * Everything else does not exist. It counts what it was asked for. */
#ifndef TESTS_UNIT_DNS_SERVER_H
#define TESTS_UNIT_DNS_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_ASKED_MAX = 8192, DNS_LATER_MAX = 2048, DNS_PACKET_MAX = 2048 };

struct dns_packet {
    uint8_t bytes[DNS_PACKET_MAX];
    size_t len;
};

struct dns_server {
    int udp, tcp, stop[2];
    uint16_t port;
    char address[32]; /* "127.0.0.1:PORT" */
    pthread_t thread;
    pthread_mutex_t lock;
    struct dns_asked {
        char name[256];
        int type;
    } asked[DNS_ASKED_MAX];
    size_t asked_count;
    size_t later_most; /* how many answers were pending at once at most */
    /* The thread's. */
    struct dns_later {
        uint64_t when_ms;
        struct sockaddr_in to;
        struct dns_packet packet;
    } * later;
    size_t later_count;
};

static inline uint64_t dns_now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* How often name was asked for; type 0: any. */
static inline size_t dns_asked(struct dns_server *s, const char *name, int type)
{
    size_t n = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->asked_count; i++)
        n += strcmp(s->asked[i].name, name) == 0 && (!type || s->asked[i].type == type);
    pthread_mutex_unlock(&s->lock);
    return n;
}

static inline size_t dns_later_most(struct dns_server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->later_most;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- packets --------------------------------------------------------------------------------------------------------- */

static inline void dns_put(struct dns_packet *p, const void *bytes, size_t len)
{
    if (p->len + len > sizeof p->bytes)
        abort();
    memcpy(p->bytes + p->len, bytes, len);
    p->len += len;
}

static inline void dns_put16(struct dns_packet *p, unsigned n)
{
    dns_put(p, (uint8_t[]){(uint8_t)(n >> 8), (uint8_t)n}, 2);
}

static inline void dns_put_name(struct dns_packet *p, const char *name)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        dns_put(p, &(uint8_t){(uint8_t)len}, 1);
        dns_put(p, name, len);
        name += len + (name[len] == '.');
    }
    dns_put(p, "", 1);
}

/* A record's head, up to its length. */
static inline void dns_put_record(struct dns_packet *p, const char *name, int type, unsigned ttl_s)
{
    dns_put_name(p, name);
    dns_put16(p, (unsigned)type);
    dns_put16(p, 1);
    dns_put16(p, ttl_s >> 16);
    dns_put16(p, ttl_s & 0xffff);
    p->bytes[7]++; /* the count of answers: never more than 255 here */
}

static inline void dns_put_address(struct dns_packet *p, const char *name, unsigned ttl_s, const char *text)
{
    uint8_t bytes[16];
    bool v4 = inet_pton(AF_INET, text, bytes) == 1;
    if (!v4 && inet_pton(AF_INET6, text, bytes) != 1)
        abort();
    dns_put_record(p, name, v4 ? DNS_A : DNS_AAAA, ttl_s);
    dns_put16(p, v4 ? 4 : 16);
    dns_put(p, bytes, v4 ? 4 : 16);
}

static inline void dns_put_cname(struct dns_packet *p, const char *name, unsigned ttl_s, const char *target)
{
    dns_put_record(p, name, DNS_CNAME, ttl_s);
    dns_put16(p, (unsigned)strlen(target) + 2);
    dns_put_name(p, target);
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

/* Reads the question; 0 or its end. */
static inline size_t dns_read_question(const struct dns_packet *q, char name[256], int *type)
{
    size_t at = 12, n = 0;
    while (at < q->len && q->bytes[at]) {
        size_t len = q->bytes[at];
        if (at + 1 + len >= q->len || n + len + 2 > 256)
            return 0;
        if (n)
            name[n++] = '.';
        memcpy(name + n, q->bytes + at + 1, len);
        n += len;
        at += 1 + len;
    }
    name[n] = '\0';
    if (at + 5 > q->len)
        return 0;
    *type = q->bytes[at + 1] << 8 | q->bytes[at + 2];
    return at + 5;
}

static inline void dns_addresses(struct dns_packet *p, const char *name, const char *format, int count)
{
    for (int i = 1; i <= count; i++) {
        char text[32];
        snprintf(text, sizeof text, format, i);
        dns_put_address(p, name, 300, text);
    }
}

/* Puts what name has of that type; false if it does not exist. */
static inline bool dns_fill(struct dns_packet *p, const char *name, int type, size_t times, bool by_tcp)
{
    char text[32];
    bool a = type == DNS_A;
    unsigned k;
    if (strcmp(name, "both.test") == 0) {
        if (a)
            dns_addresses(p, name, "192.0.2.%d", 2);
        else
            dns_put_address(p, name, 300, "2001:db8::1");
    } else if (strcmp(name, "alias.test") == 0) {
        dns_put_cname(p, name, 2, "four.test");
        if (a)
            dns_put_address(p, "four.test", 300, "192.0.2.4");
    } else if (strcmp(name, "many.test") == 0) {
        dns_addresses(p, name, "192.0.2.%d", a ? 20 : 0);
    } else if (strcmp(name, "cut.test") == 0) {
        if (!by_tcp)
            p->bytes[2] |= 0x02; /* TC */
        dns_addresses(p, name, "192.0.2.%d", by_tcp && a ? 60 : 0);
    } else if (strcmp(name, "short.test") == 0) {
        snprintf(text, sizeof text, "192.0.2.%zu", times);
        if (a)
            dns_put_address(p, name, 2, text);
    } else if (sscanf(name, "n%u.bulk", &k) == 1) {
        snprintf(text, sizeof text, "10.0.%u.%u", k / 256 % 256, k % 256);
        if (a)
            dns_put_address(p, name, 300, text);
    } else if (strcmp(name, "four.test") == 0 || strcmp(name, "late.test") == 0) {
        if (a)
            dns_put_address(p, name, 300, *name == 'f' ? "192.0.2.4" : "192.0.2.9");
    } else if (strcmp(name, "empty.test") != 0) {
        return false;
    }
    return true;
}

/* Makes the answer; false if there is to be none. */
static inline bool dns_answer(struct dns_server *s, const struct dns_packet *q, struct dns_packet *p, bool by_tcp,
                              unsigned *delay_ms)
{
    char name[256];
    int type;
    size_t end = dns_read_question(q, name, &type);
    if (end == 0)
        return false;
    pthread_mutex_lock(&s->lock);
    if (s->asked_count < DNS_ASKED_MAX) {
        memcpy(s->asked[s->asked_count].name, name, sizeof name);
        s->asked[s->asked_count++].type = type;
    }
    pthread_mutex_unlock(&s->lock);
    if (strcmp(name, "never.test") == 0)
        return false;
    p->len = 0;
    dns_put(p, q->bytes, end);
    p->bytes[2] = (uint8_t)(0x80 | (q->bytes[2] & 1));
    p->bytes[3] = 0x80;
    memset(p->bytes + 6, 0, 6);
    if (strcmp(name, "fail.test") == 0)
        p->bytes[3] |= 2;
    else if (strcmp(name, "garbage.test") == 0)
        dns_put_record(p, "\xff", DNS_A, 1);
    else if (!dns_fill(p, name, type, dns_asked(s, name, type), by_tcp))
        p->bytes[3] |= 3;
    *delay_ms = strcmp(name, "late.test") == 0 ? 300 : strstr(name, ".bulk") ? 20 : 0;
    return true;
}

/* ---- the thread ---------------------------------------------------------------------------------------------------- */

static inline void dns_send_due(struct dns_server *s)
{
    uint64_t now_ms = dns_now_ms();
    for (size_t i = 0; i < s->later_count;) {
        struct dns_later *l = &s->later[i];
        if (l->when_ms > now_ms) {
            i++;
            continue;
        }
        sendto(s->udp, l->packet.bytes, l->packet.len, 0, (struct sockaddr *)&l->to, sizeof l->to);
        *l = s->later[--s->later_count];
    }
}

static inline void dns_serve_udp(struct dns_server *s)
{
    struct dns_packet q;
    struct dns_later l;
    socklen_t to_len = sizeof l.to;
    ssize_t n;
    while ((n = recvfrom(s->udp, q.bytes, sizeof q.bytes, MSG_DONTWAIT, (struct sockaddr *)&l.to, &to_len)) > 0) {
        unsigned delay_ms;
        q.len = (size_t)n;
        if (!dns_answer(s, &q, &l.packet, false, &delay_ms) || s->later_count == DNS_LATER_MAX)
            continue;
        l.when_ms = dns_now_ms() + delay_ms;
        s->later[s->later_count++] = l;
        pthread_mutex_lock(&s->lock);
        if (s->later_count > s->later_most)
            s->later_most = s->later_count;
        pthread_mutex_unlock(&s->lock);
    }
}

static inline void dns_serve_tcp(struct dns_server *s)
{
    struct dns_packet q, p;
    uint8_t head[2];
    unsigned delay_ms;
    int fd = accept(s->tcp, NULL, NULL);
    if (fd < 0)
        return;
    q.len = 0;
    if (recv(fd, head, 2, MSG_WAITALL) == 2 && (head[0] << 8 | head[1]) <= DNS_PACKET_MAX)
        q.len = (size_t)(head[0] << 8 | head[1]);
    if (q.len > 0 && recv(fd, q.bytes, q.len, MSG_WAITALL) == (ssize_t)q.len &&
        dns_answer(s, &q, &p, true, &delay_ms)) {
        uint8_t len[2] = {(uint8_t)(p.len >> 8), (uint8_t)p.len};
        /* In two pieces, a while apart. */
        bool sent = send(fd, len, 2, MSG_NOSIGNAL) == 2 && send(fd, p.bytes, 9, MSG_NOSIGNAL) == 9;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (sent)
            send(fd, p.bytes + 9, p.len - 9, MSG_NOSIGNAL);
    }
    close(fd);
}

static inline void *dns_run(void *arg)
{
    struct dns_server *s = arg;
    for (;;) {
        struct pollfd fds[3] = {{s->stop[0], POLLIN, 0}, {s->udp, POLLIN, 0}, {s->tcp, POLLIN, 0}};
        poll(fds, 3, s->later_count ? 1 : -1);
        if (fds[0].revents)
            return NULL;
        if (fds[1].revents)
            dns_serve_udp(s);
        if (fds[2].revents)
            dns_serve_tcp(s);
        dns_send_due(s);
    }
}

static inline struct dns_server *dns_start(void)
{
    struct dns_server *s = calloc(1, sizeof *s);
    if (!s || !(s->later = calloc(DNS_LATER_MAX, sizeof *s->later)) || pipe(s->stop) < 0)
        abort();
    pthread_mutex_init(&s->lock, NULL);
    /* The same port for both: another program may have one of them. */
    for (int tries = 0;; tries++) {
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof at;
        s->udp = socket(AF_INET, SOCK_DGRAM, 0);
        s->tcp = socket(AF_INET, SOCK_STREAM, 0);
        if (s->udp < 0 || s->tcp < 0 || bind(s->udp, (struct sockaddr *)&at, sizeof at) < 0 ||
            getsockname(s->udp, (struct sockaddr *)&at, &len) < 0)
            abort();
        s->port = ntohs(at.sin_port);
        if (bind(s->tcp, (struct sockaddr *)&at, sizeof at) == 0 && listen(s->tcp, 16) == 0)
            break;
        close(s->udp);
        close(s->tcp);
        if (tries == 20)
            abort();
    }
    snprintf(s->address, sizeof s->address, "127.0.0.1:%u", s->port);
    if (pthread_create(&s->thread, NULL, dns_run, s) != 0)
        abort();
    return s;
}

static inline void dns_stop(struct dns_server *s)
{
    if (write(s->stop[1], "", 1) != 1)
        abort();
    pthread_join(s->thread, NULL);
    close(s->udp);
    close(s->tcp);
    close(s->stop[0]);
    close(s->stop[1]);
    pthread_mutex_destroy(&s->lock);
    free(s->later);
    free(s);
}

#endif
