/* References against a base (RFC 3986 section 5.2), as the Location field holds them. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "proto/url.h"

/* "name:" at the front, where no '/', '?' or '#' comes before the colon. */
static bool has_scheme(const char *text)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    bool letter = (text[0] | 32) >= 'a' && (text[0] | 32) <= 'z';
    /* "host:8080/x" in a Location is rather a relative path with a colon than a scheme: curl wants the slashes. */
    return letter && n > 0 && text[n] == ':' && text[n + 1] == '/' && text[n + 2] == '/';
}

/* How much of the base's target stays before the reference. */
static size_t kept_target(const char *target, const char *reference)
{
    size_t path = strcspn(target, "?");
    if (reference[0] == '/')
        return 0;
    if (reference[0] == '?')
        return path;
    if (reference[0] == '#' || reference[0] == '\0')
        return strlen(target);
    while (path > 0 && target[path - 1] != '/')
        path--;
    return path;
}

int url_resolve(struct buf *out, const struct url *base, const char *reference)
{
    char authority[300];
    reference += strspn(reference, " \t");
    if (has_scheme(reference))
        return buf_adds(out, reference);
    int rc = buf_addf(out, "%s:", base->scheme);
    if (rc == 0 && strncmp(reference, "//", 2) == 0)
        return buf_adds(out, reference);
    if (rc == 0)
        rc = url_authority(base, authority, sizeof authority);
    if (rc >= 0)
        rc = buf_addf(out, "//%s", authority);
    if (rc == 0)
        rc = buf_add(out, base->target, kept_target(base->target, reference));
    if (rc == 0)
        rc = buf_adds(out, reference);
    return rc;
}
