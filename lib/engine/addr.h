/* Socket addresses of IPv4 and IPv6. Depends on base/ and the system's headers; no state. */
#ifndef AFETCH_ENGINE_ADDR_H
#define AFETCH_ENGINE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    } u;
};

#define ADDR_TEXT_MAX 64 /* "[address]:port" with a zone fits */

/* From an IPv4 or IPv6 literal ("127.0.0.1", "::1", no brackets); zone: an interface's name or number, or NULL.
 * false if text is no literal or the zone is unknown. */
bool addr_parse(struct addr *a, const char *text, const char *zone, uint16_t port);
/* From the raw bytes of an address in network order: 4 for AF_INET, 16 for AF_INET6. */
void addr_from_bytes(struct addr *a, int family, const void *bytes, uint16_t port);
socklen_t addr_len(const struct addr *a);
int addr_family(const struct addr *a);
uint16_t addr_port(const struct addr *a);
/* The same address, port and zone. */
bool addr_equal(const struct addr *a, const struct addr *b);
/* The address without its port, "127.0.0.1" or "::1". Returns out. */
char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);

#endif
