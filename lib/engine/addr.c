#include "engine/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

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

socklen_t addr_len(const struct addr *a)
{
    return a->u.sa.sa_family == AF_INET ? sizeof a->u.in4 : sizeof a->u.in6;
}

int addr_family(const struct addr *a)
{
    return a->u.sa.sa_family;
}

uint16_t addr_port(const struct addr *a)
{
    return ntohs(a->u.sa.sa_family == AF_INET ? a->u.in4.sin_port : a->u.in6.sin6_port);
}

char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
    out[0] = '\0';
    const void *bytes = a->u.sa.sa_family == AF_INET ? (const void *)&a->u.in4.sin_addr : &a->u.in6.sin6_addr;
    inet_ntop(a->u.sa.sa_family, bytes, out, ADDR_TEXT_MAX);
    return out;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    if (addr_family(a) != addr_family(b) || addr_port(a) != addr_port(b))
        return false;
    if (addr_family(a) == AF_INET)
        return a->u.in4.sin_addr.s_addr == b->u.in4.sin_addr.s_addr;
    return memcmp(a->u.in6.sin6_addr.s6_addr, b->u.in6.sin6_addr.s6_addr, 16) == 0 &&
           a->u.in6.sin6_scope_id == b->u.in6.sin6_scope_id;
}
