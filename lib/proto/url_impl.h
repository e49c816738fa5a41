/* The host of a URL in its one form: lower case, A-labels, canonical addresses. Between url.c and url_host.c.
 * Includes base/ alone (libidn2 within url_host.c, and nowhere else). Works on the caller's memory, on any thread. */
#ifndef AFETCH_PROTO_URL_IMPL_H
#define AFETCH_PROTO_URL_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the canonical form of a name or IPv4 address. raw: percent-decoded, NUL-terminated, any bytes.
 * *is_ip: whether it is an address. ERR_URL with the reason in *why (static text); ERR_MEMORY. */
int url_host_add(struct buf *out, const char *raw, bool *is_ip, const char **why);

/* Appends the canonical form of what stands between the brackets of an IPv6 literal, zone id apart. Errors as above. */
int url_host_add_ipv6(struct buf *out, const char *literal, size_t len, const char **why);

#endif
