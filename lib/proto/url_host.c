#include "proto/url_impl.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "proto/url.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 }; /* RFC 1035 section 2.3.4, as text */

/* <ctype.h> asks the locale, which has no say in a URL. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    /* What curl takes: the letters, digits and hyphens of RFC 1123, and what is found in the wild. */
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || (c && strchr("-_.~", c));
}

/* One part of an IPv4 address in C's notation (decimal, 0octal, 0xhex). Returns where it ends; NULL if it is none. */
static const char *ipv4_part(const char *p, uint32_t *part)
{
    if (!is_digit(*p))
        return NULL; /* strtoull would take spaces and signs */
    char *end;
    unsigned long long v = strtoull(p, &end, 0);
    if (v > UINT32_MAX)
        return NULL;
    *part = (uint32_t)v;
    return end;
}

/* One to four parts, of which the last fills what is left: "127.1", "0x7f000001". A final dot does no harm. */
static int ipv4_split(const char *p, uint32_t parts[4])
{
    for (int n = 0; n < 4; p++) {
        p = ipv4_part(p, &parts[n++]);
        if (!p || (*p && *p != '.'))
            return 0;
        if (!*p || !p[1])
            return n;
    }
    return 0;
}

static bool ipv4_canonical(const char *host, char out[INET_ADDRSTRLEN])
{
    uint32_t parts[4];
    int n = ipv4_split(host, parts);
    if (n == 0)
        return false;
    uint32_t address = parts[n - 1];
    if (n > 1 && address >> (8 * (5 - n)))
        return false;
    for (int i = 0; i < n - 1; i++) {
        if (parts[i] > 255)
            return false;
        address |= parts[i] << (24 - 8 * i);
    }
    struct in_addr in = {.s_addr = htonl(address)};
    return inet_ntop(AF_INET, &in, out, INET_ADDRSTRLEN) != NULL;
}

/* NULL for a name that DNS can hold, else the reason. */
static const char *bad_name(const char *host)
{
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.')
        len--; /* the root's dot counts for nothing */
    if (len == 0)
        return "there is no host";
    size_t label = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_name_char(host[i]))
            return "the host has a character that no name has";
        bool dot = host[i] == '.';
        if (dot && label == 0)
            return "the host has an empty label";
        label = dot ? 0 : label + 1;
        if (label > LABEL_MAX_BYTES)
            return "a label of the host is over 63 bytes";
    }
    if (label == 0)
        return "the host has an empty label";
    return len > NAME_MAX_BYTES ? "the host is over 253 bytes" : NULL;
}

static bool is_ascii(const char *s)
{
    while (*s && (unsigned char)*s < 0x80)
        s++;
    return !*s;
}

static char *lower_case(const char *s)
{
    char *out = strdup(s);
    for (char *p = out; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return out;
}

/* The host as A-labels, allocated. ASCII passes as it is, as in curl: what calls itself "xn--" is not looked into. */
static int to_ascii(const char *raw, char **out, const char **why)
{
    char *name = NULL;
    if (is_ascii(raw)) {
        name = lower_case(raw);
    } else {
        uint8_t *labels = NULL;
        /* NONTRANSITIONAL: IDNA 2008 with the mapping of UTS 46 before it. */
        int rc = idn2_lookup_u8((const uint8_t *)raw, &labels, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
        if (rc != IDN2_OK) {
            *why = rc == IDN2_MALLOC ? "out of memory" : idn2_strerror(rc);
            return rc == IDN2_MALLOC ? ERR_MEMORY : ERR_URL;
        }
        name = lower_case((char *)labels);
        idn2_free(labels);
    }
    if (!name)
        return ERR_MEMORY;
    *out = name;
    return 0;
}

int url_host_add(struct buf *out, const char *raw, bool *is_ip, const char **why)
{
    char *name = NULL;
    int rc = to_ascii(raw, &name, why);
    if (rc < 0)
        return rc;
    char address[INET_ADDRSTRLEN];
    bool ip = ipv4_canonical(name, address);
    const char *reason = ip ? NULL : bad_name(name);
    if (reason)
        *why = reason;
    rc = reason ? ERR_URL : buf_adds(out, ip ? address : name);
    if (rc == 0)
        *is_ip = ip;
    free(name);
    return rc;
}

int url_host_add_ipv6(struct buf *out, const char *literal, size_t len, const char **why)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr in;
    *why = "there is no IPv6 address between the brackets";
    if (len >= sizeof text || memchr(literal, '\0', len))
        return ERR_URL;
    memcpy(text, literal, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &in) != 1 || !inet_ntop(AF_INET6, &in, text, sizeof text))
        return ERR_URL;
    return buf_adds(out, text);
}

const char *url_library(void)
{
    static char text[32];
    snprintf(text, sizeof text, "libidn2/%s", idn2_check_version(NULL));
    return text;
}
