/* Public suffixes, "com" or "co.uk": names that nobody may set cookies for, as anyone can have a name below them. By
 * libpsl; without it by the number of dots. */
#include "proto/cookies_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef AFETCH_PSL
#include <libpsl.h>

struct cookies_psl {
    psl_ctx_t *ctx;
};

struct cookies_psl *cookies_psl_new(void)
{
    struct cookies_psl *p = calloc(1, sizeof *p);
    if (p && (p->ctx = psl_latest(NULL))) /* what the system keeps up to date, or else what was built in */
        return p;
    free(p);
    return NULL;
}

void cookies_psl_free(struct cookies_psl *p)
{
    if (p)
        psl_free(p->ctx);
    free(p);
}

/* The list has no names with a dot at their end. A name longer than any is gets "". */
static const char *without_end(const char *name, char copy[256])
{
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len > 255)
        len = 0;
    memcpy(copy, name, len);
    copy[len] = '\0';
    return copy;
}

bool cookies_psl_is_suffix(const struct cookies_psl *p, const char *domain)
{
    char copy[256];
    return !p || psl_is_public_suffix(p->ctx, without_end(domain, copy));
}

bool cookies_psl_allows(const struct cookies_psl *p, const char *host, const char *domain)
{
    char copy[256], other[256];
    return p && psl_is_cookie_domain_acceptable(p->ctx, without_end(host, copy), without_end(domain, other));
}

const char *cookies_library(void)
{
    static char text[32];
    const char *version = psl_get_version(); /* "0.21.2 (+libidn2/2.3.3)" */
    snprintf(text, sizeof text, "libpsl/%.*s", (int)strcspn(version, " "), version);
    return text;
}

#else

struct cookies_psl {
    int nothing;
};

struct cookies_psl *cookies_psl_new(void)
{
    return calloc(1, sizeof(struct cookies_psl));
}

void cookies_psl_free(struct cookies_psl *p)
{
    free(p);
}

/* A dot that is not at the end. */
bool cookies_psl_is_suffix(const struct cookies_psl *p, const char *domain)
{
    const char *dot = strchr(domain, '.');
    return !p || !dot || !dot[1];
}

bool cookies_psl_allows(const struct cookies_psl *p, const char *host, const char *domain)
{
    (void)host;
    return !cookies_psl_is_suffix(p, domain);
}

const char *cookies_library(void)
{
    return "";
}
#endif
