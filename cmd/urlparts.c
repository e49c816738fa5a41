#include "urlparts.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 8 }; /* each has a NUL, and one of the host's may be a bracket more */

/* Copies a part to where the last one ended. */
static char *put(char **at, const char *data, size_t len)
{
    char *part = *at;
    memcpy(part, data, len);
    part[len] = '\0';
    *at += len + 1;
    return part;
}

/* host, [address] or [address%25zone], with a port perhaps. */
static void put_authority(struct urlparts *parts, char **at, const char *s, size_t len)
{
    const char *end = s + len;
    for (const char *c = s; c < end; c++)
        if (*c == '@')
            s = c + 1;
    const char *bracket = *s == '[' ? memchr(s, ']', (size_t)(end - s)) : NULL;
    const char *colon = memchr(bracket ? bracket : s, ':', (size_t)(end - (bracket ? bracket : s)));
    const char *host_end = colon ? colon : end;
    const char *zone = bracket ? memchr(s, '%', (size_t)(bracket - s)) : NULL;
    if (colon && colon + 1 < end)
        parts->port = put(at, colon + 1, (size_t)(end - colon - 1));
    char *host = put(at, s, (size_t)((zone ? zone : host_end) - s));
    parts->host = host;
    if (!zone)
        return;
    *at += 1;
    host[zone - s] = ']';
    host[zone - s + 1] = '\0';
    zone += strncmp(zone, "%25", 3) == 0 ? 3 : 1;
    parts->zoneid = put(at, zone, (size_t)(bracket - zone));
}

static void put_scheme(struct urlparts *parts, char **at, const char *scheme, size_t len)
{
    char *lower = put(at, scheme, len);
    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    parts->scheme = lower;
}

void urlparts_init(struct urlparts *parts, const char *url, const char *default_scheme)
{
    size_t room = strlen(url) + strlen(default_scheme) + 2 * PARTS;
    char *at = malloc(room);
    *parts = (struct urlparts){.storage = at};
    if (!at)
        return;
    const char *colon = strstr(url, "://");
    size_t scheme_len = colon && strcspn(url, "/?#") > (size_t)(colon - url) ? (size_t)(colon - url) : 0;
    if (scheme_len)
        put_scheme(parts, &at, url, scheme_len);
    else
        put_scheme(parts, &at, default_scheme, strlen(default_scheme));
    url += scheme_len ? scheme_len + 3 : 0;
    size_t len = strcspn(url, "/?#");
    put_authority(parts, &at, url, len);
    url += len;
    len = strcspn(url, "?#");
    parts->path = len ? put(&at, url, len) : put(&at, "/", 1);
    url += len;
    if (*url == '?') {
        len = strcspn(++url, "#");
        parts->query = put(&at, url, len);
        url += len;
    }
    if (*url == '#')
        parts->fragment = put(&at, url + 1, strlen(url + 1));
    if (!parts->port)
        parts->port = strcmp(parts->scheme, "https") == 0 ? "443" : "80";
}

void urlparts_deinit(struct urlparts *parts)
{
    free(parts->storage);
    *parts = (struct urlparts){0};
}
