#include "engine/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool find_zone(const char *zone, uint32_t *id)
{
    *id = if_nametoindex(zone);
    if (*id)
        return true;
    char *end;
    unsigned long n = strtoul(zone, &end, 10);
    *id = (uint32_t)n;
    return *zone && !*end && n > 0 && n <= UINT32_MAX;
}

bool addr_parse(struct addr *a, const char *text, const char *zone, uint16_t port)
{
    unsigned char bytes[16];
    if (!zone && inet_pton(AF_INET, text, bytes) == 1) {
        addr_from_bytes(a, AF_INET, bytes, port);
        return true;
    }
    uint32_t scope = 0;
    if (inet_pton(AF_INET6, text, bytes) != 1 || (zone && !find_zone(zone, &scope)))
        return false;
    addr_from_bytes(a, AF_INET6, bytes, port);
    a->u.in6.sin6_scope_id = scope;
    return true;
}

void addr_from_bytes(struct addr *a, int family, const void *bytes, uint16_t port)
{
    memset(a, 0, sizeof *a);
    a->u.sa.sa_family = (sa_family_t)family;
    if (family == AF_INET) {
        a->u.in4.sin_port = htons(port);
        memcpy(&a->u.in4.sin_addr, bytes, 4);
    } else {
        a->u.in6.sin6_port = htons(port);
        memcpy(&a->u.in6.sin6_addr, bytes, 16);
    }
}

bool addr_from_path(struct addr *a, const char *path)
{
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return false;
    memset(a, 0, sizeof *a);
    a->u.unix_path = (struct addr_unix){.family = AF_UNIX, .path = path};
    return true;
}

void addr_to_system(struct addr_system *out, const struct addr *a)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memset(out, 0, sizeof *out);
    switch (a->u.sa.sa_family) {
    case AF_UNIX:
        snprintf(un.sun_path, sizeof un.sun_path, "%s", a->u.unix_path.path);
        memcpy(&out->storage, &un, sizeof un);
        out->len = sizeof un;
        break;
    case AF_INET:
        memcpy(&out->storage, &a->u.in4, sizeof a->u.in4);
        out->len = sizeof a->u.in4;
        break;
    default:
        memcpy(&out->storage, &a->u.in6, sizeof a->u.in6);
        out->len = sizeof a->u.in6;
    }
}

int addr_family(const struct addr *a)
{
    return a->u.sa.sa_family;
}

uint16_t addr_port(const struct addr *a)
{
    if (a->u.sa.sa_family == AF_UNIX)
        return 0;
    return ntohs(a->u.sa.sa_family == AF_INET ? a->u.in4.sin_port : a->u.in6.sin6_port);
}

void addr_set_port(struct addr *a, uint16_t port)
{
    if (a->u.sa.sa_family == AF_INET)
        a->u.in4.sin_port = htons(port);
    else if (a->u.sa.sa_family == AF_INET6)
        a->u.in6.sin6_port = htons(port);
}

char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
    out[0] = '\0';
    if (a->u.sa.sa_family == AF_UNIX) {
        snprintf(out, ADDR_TEXT_MAX, "%s", a->u.unix_path.path);
        return out;
    }
    const void *bytes = a->u.sa.sa_family == AF_INET ? (const void *)&a->u.in4.sin_addr : &a->u.in6.sin6_addr;
    inet_ntop(a->u.sa.sa_family, bytes, out, ADDR_TEXT_MAX);
    return out;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    if (addr_family(a) != addr_family(b) || addr_port(a) != addr_port(b))
        return false;
    if (addr_family(a) == AF_UNIX)
        return strcmp(a->u.unix_path.path, b->u.unix_path.path) == 0;
    if (addr_family(a) == AF_INET)
        return a->u.in4.sin_addr.s_addr == b->u.in4.sin_addr.s_addr;
    return memcmp(a->u.in6.sin6_addr.s6_addr, b->u.in6.sin6_addr.s6_addr, 16) == 0 &&
           a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
}
