#include "proto/noproxy.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { TOKEN_MAX = 127 /* bytes of an address with its bits */ };

/* A host, as it is compared. */
struct host {
    const char *name;
    size_t len;
    int family; /* 0: a name */
    unsigned char address[16];
};

static size_t without_dot(const char *name, size_t len)
{
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static struct host host_of(const char *name)
{
    struct host h = {.name = name, .len = strlen(name)};
    if (inet_pton(AF_INET, name, h.address) == 1)
        h.family = AF_INET;
    else if (inet_pton(AF_INET6, name, h.address) == 1)
        h.family = AF_INET6;
    else
        h.len = without_dot(name, h.len);
    return h;
}

static bool match_name(const struct host *h, const char *token, size_t len)
{
    len = without_dot(token, len);
    if (len > 0 && *token == '.') {
        token++;
        len--;
    }
    if (len > h->len || (len < h->len && h->name[h->len - len - 1] != '.'))
        return false;
    return strncasecmp(h->name + h->len - len, token, len) == 0;
}

/* The number of bits behind a slash, up to 128; -1: it is none. */
static int bits_of(const char *text)
{
    int bits = 0;
    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        bits = bits * 10 + (*text - '0');
        if (bits > 128)
            return -1;
    }
    return bits;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    size_t whole = (size_t)bits / 8;
    unsigned mask = 0xff00U >> (bits % 8) & 0xff;
    return memcmp(a, b, whole) == 0 && (mask == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static bool match_address(const struct host *h, const char *token, size_t len)
{
    char text[TOKEN_MAX + 1];
    unsigned char network[16];
    int all = h->family == AF_INET ? 32 : 128, bits = 0;
    if (len > TOKEN_MAX)
        return false;
    memcpy(text, token, len);
    text[len] = '\0';
    char *slash = strchr(text, '/');
    if (slash) {
        *slash = '\0';
        bits = bits_of(slash + 1);
    }
    if (bits < 0 || bits > all || inet_pton(h->family, text, network) != 1)
        return false;
    return same_bits(h->address, network, bits ? bits : all); /* for curl, 0 bits are all of them */
}

bool noproxy_match(const char *list, const char *host)
{
    if (!list || !*host)
        return false;
    if (strcmp(list, "*") == 0)
        return true;
    struct host h = host_of(host);
    for (const char *p = list; *p;) {
        p += strspn(p, " \t");
        size_t len = strcspn(p, " \t,");
        if (len > 0 && (h.family ? match_address(&h, p, len) : match_name(&h, p, len)))
            return true;
        p += len;
        p += strspn(p, " \t");
        if (*p != ',')
            break;
        p += strspn(p, ",");
    }
    return false;
}
