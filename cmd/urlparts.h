/* The parts of a URL for -w: %{url.host} and the like. Only as good as showing needs it: a URL that is malformed fails
 * elsewhere. Depends on nothing. */
#ifndef AFETCH_CMD_URLPARTS_H
#define AFETCH_CMD_URLPARTS_H

/* NUL-terminated, NULL where there is none. */
struct urlparts {
    const char *scheme, *host, *port, *path, *query, *fragment, *zoneid;
    char *storage; /* that they lie in; NULL: out of memory, and all are NULL */
};

/* default_scheme: of a URL without one. */
void urlparts_init(struct urlparts *parts, const char *url, const char *default_scheme);
void urlparts_deinit(struct urlparts *parts);

#endif
