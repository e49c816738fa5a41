/* Words for what is in a certificate, and for what is wrong with it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>

#include "proto/tls_impl.h"

#define DAY_S 86400

void tls_verdict(struct tls *t, enum tls_rank rank, const char *fmt, ...)
{
    if (rank <= t->verdict.rank)
        return;
    char text[480] = "";
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    free(t->verdict.text);
    t->verdict.rank = rank;
    t->verdict.text = strdup(text);
}

char tls_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void tls_printable(char *text, size_t size, const unsigned char *p, size_t len)
{
    size_t n = len < size - 1 ? len : size - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = p[i] > ' ' && p[i] < 127 ? (char)p[i] : '?';
    text[n] = '\0';
}

const char *tls_dn(char *text, size_t size, const mbedtls_x509_name *name)
{
    if (mbedtls_x509_dn_gets(text, size, name) > 0)
        return text;
    snprintf(text, size, "no name");
    for (; name; name = name->next)
        if (MBEDTLS_OID_CMP(MBEDTLS_OID_AT_CN, &name->oid) == 0) {
            snprintf(text, size, "CN=");
            tls_printable(text + 3, size - 3, name->val.p, name->val.len);
        }
    return text;
}

int64_t tls_seconds(const mbedtls_x509_time *x)
{
    int64_t y = x->mon <= 2 ? x->year - 1 : x->year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year = y - era * 400;
    int64_t day_of_year = (153 * (x->mon + (x->mon > 2 ? -3 : 9)) + 2) / 5 + x->day - 1;
    int64_t days = era * 146097 + year * 365 + year / 4 - year / 100 + day_of_year - 719468;
    return days * DAY_S + x->hour * 3600 + x->min * 60 + x->sec;
}

const char *tls_date(char text[TLS_DATE_MAX], const mbedtls_x509_time *x)
{
    snprintf(text, TLS_DATE_MAX, "%04d-%02d-%02d", x->year % 10000, x->mon % 100, x->day % 100);
    return text;
}

const char *tls_span(char *text, size_t size, int64_t s)
{
    static const struct {
        int64_t s;
        const char *name;
    } units[] = {{DAY_S, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i < 3 && s < units[i].s)
        i++;
    int64_t n = s / units[i].s;
    snprintf(text, size, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
    return text;
}
