/* A hosts file (hosts(5)), parsed once: c-ares would open and parse /etc/hosts for every name. Depends on base/ and
 * engine/addr.h; called by names.c alone. */
#ifndef AFETCH_NET_HOSTS_H
#define AFETCH_NET_HOSTS_H

#include "base/table.h"
#include "engine/addr.h"

#define HOSTS_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of the file; the lines beyond are ignored */
#define HOSTS_ADDRS_MAX 32                         /* of one name; more are ignored */

/* All zero is an empty one. */
struct hosts {
    struct table names;
    struct host *all;
};

/* Adds what a file says; one that cannot be read says nothing. ERR_MEMORY. */
int hosts_load(struct hosts *h, const char *path);
/* Adds what len bytes of text say; lines that are none are passed over. ERR_MEMORY. */
int hosts_parse(struct hosts *h, const char *text, size_t len);
void hosts_deinit(struct hosts *h);

/* Whether the file names host (lower case, no dot at its end) at all, for any family. If so, its addresses of family,
 * max at most and in the order of the file, are in out and their number is in *count: it may be 0. */
bool hosts_find(const struct hosts *h, const char *host, int family, struct addr *out, size_t max, size_t *count);

#endif
