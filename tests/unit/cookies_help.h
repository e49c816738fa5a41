/* What the tests of the cookie jar have in common: URLs as text, and a jar's file as what it holds. */
#ifndef TESTS_UNIT_COOKIES_HELP_H
#define TESTS_UNIT_COOKIES_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/cookies.h"
#include "proto/url.h"

enum { NOW = 1700000000 }; /* 2023-11-14 22:13:20 */

static inline struct url parse(const char *text)
{
    struct url u;
    struct error err = {0};
    if (url_parse(&u, text, strlen(text), "http", 0, &err) < 0)
        fail_msg("%s: %s", text, error_text(&err));
    return u;
}

static inline int receive_at(struct cookies *c, const char *from, const char *value, size_t len, int64_t now,
                             const char **why)
{
    struct url u = parse(from);
    struct cookies_request r = {u.host, u.target, u.tls};
    char *exact = malloc(len ? len : 1); /* a read beyond its end is seen */
    assert_non_null(exact);
    memcpy(exact, value, len);
    int rc = cookies_receive(c, &r, exact, len, now, why);
    free(exact);
    url_deinit(&u);
    return rc;
}

static inline void receive(struct cookies *c, const char *from, const char *value)
{
    const char *why = NULL;
    if (receive_at(c, from, value, strlen(value), NOW, &why) != 1)
        fail_msg("%s from %s: %s", value, from, why);
}

static char sent[16384];

/* What is sent to a URL: the value of the field, or "". */
static inline const char *field_at(struct cookies *c, const char *to, int64_t now)
{
    struct url u = parse(to);
    struct cookies_request r = {u.host, u.target, u.tls};
    struct buf b;
    buf_init(&b, sizeof sent - 1);
    int rc = cookies_field(c, &r, now, &b);
    assert_true(rc >= 0 && (rc > 0) == (b.len > 0));
    snprintf(sent, sizeof sent, "%s", b.len ? b.data : "");
    buf_deinit(&b);
    url_deinit(&u);
    return sent;
}

static inline void assert_sent(struct cookies *c, const char *to, const char *expected)
{
    const char *got = field_at(c, to, NOW);
    if (strcmp(got, expected) != 0)
        fail_msg("to %s: \"%s\" where \"%s\" was expected", to, got, expected);
}

static inline struct cookies *new_jar(void)
{
    struct cookies *c = cookies_new();
    assert_non_null(c);
    return c;
}

static inline char *write_jar(struct cookies *c, int64_t now)
{
    struct buf b;
    buf_init(&b, (size_t)64 << 20);
    assert_int_equal(cookies_write(c, now, &b), 0);
    return buf_take(&b);
}

#define FILE_HEAD "# Netscape HTTP Cookie File\n# Written by afetch. Edit at your own risk.\n\n"

/* The jar is these lines as a file. */
static inline void assert_file(struct cookies *c, const char *lines)
{
    char *text = write_jar(c, NOW);
    assert_int_equal(strncmp(text, FILE_HEAD, strlen(FILE_HEAD)), 0);
    assert_string_equal(text + strlen(FILE_HEAD), lines);
    free(text);
}

#endif
