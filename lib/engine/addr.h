/* Socket addresses of IPv4 and IPv6, and of Unix domain sockets. Depends on base/ and the system's headers; no state. */
#ifndef AFETCH_ENGINE_ADDR_H
#define AFETCH_ENGINE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A Unix domain socket by its path, which is another's: addresses are copied a lot, and paths are long. */
struct addr_unix {
    sa_family_t family;
    const char *path;
};

struct addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
        struct addr_unix unix_path;
    } u;
};

#define ADDR_TEXT_MAX 112 /* an address with its zone, or a path, fits */

/* From an IPv4 or IPv6 literal ("127.0.0.1", "::1", no brackets); zone: an interface's name or number, or NULL.
 * false if text is no literal or the zone is unknown. */
bool addr_parse(struct addr *a, const char *text, const char *zone, uint16_t port);
/* From the raw bytes of an address in network order: 4 for AF_INET, 16 for AF_INET6. */
void addr_from_bytes(struct addr *a, int family, const void *bytes, uint16_t port);
/* path: of a Unix domain socket; it must stay. false if it is too long for one (about 100 bytes). */
bool addr_from_path(struct addr *a, const char *path);
/* What the system calls take. */
struct addr_system {
    struct sockaddr_storage storage;
    socklen_t len;
};
void addr_to_system(struct addr_system *out, const struct addr *a);
int addr_family(const struct addr *a);
/* 0 for a path. */
uint16_t addr_port(const struct addr *a);
/* Nothing happens for a path. */
void addr_set_port(struct addr *a, uint16_t port);
/* The same address, port and zone. */
bool addr_equal(const struct addr *a, const struct addr *b);
/* The address without its port, "127.0.0.1" or "::1", or the path. Returns out. */
char *addr_text(const struct addr *a, char out[ADDR_TEXT_MAX]);

#endif
