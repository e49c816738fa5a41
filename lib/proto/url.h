/* URLs: an http or https address taken apart for a fetch, by curl's reading of RFC 3986 and the WHATWG's leniency
 * (backslashes are not slashes; spaces and non-ASCII bytes in path and query are percent-encoded; one to three
 * slashes). Sans-IO; includes base/ alone (libidn2 within url_host.c). Not thread-bound: works on the caller's
 * memory. */
#ifndef AFETCH_PROTO_URL_H
#define AFETCH_PROTO_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define URL_MAX ((size_t)64 * 1024)

struct url {
    char *storage;        /* one allocation that all the strings lie in; owned */
    bool tls;             /* https */
    bool host_is_ip;      /* an IPv4 or IPv6 literal (host has no brackets) */
    uint16_t port;        /* the scheme's where none is given */
    bool port_given;      /* a port that differs from the scheme's */
    const char *scheme;   /* "http" or "https" */
    const char *user;     /* decoded, or NULL where there is no '@' */
    const char *password; /* decoded, or NULL where there is no ':' before the '@' */
    const char *host;   /* lower case, A-labels, a trailing dot kept; an address in its usual form, "::1" for "[::1]" */
    const char *zone;   /* an IPv6 zone id, or NULL */
    const char *target; /* path and query as sent: begins with '/', no fragment */
    const char *shown;  /* the URL that was asked for, less its user info: for output and errors */
};

enum url_flags {
    URL_PATH_AS_IS = 1, /* "." and ".." stay in the path */
    URL_NO_USER = 2     /* a user info is an error, ERR_LOGIN */
};

/* Takes text apart; blanks around it do not count. default_scheme: "http" or "https" for a text without one, as
 * "example.com/x". flags: enum url_flags.
 * On success *out is whole and the caller's, to be freed with url_deinit. Errors, with particulars in err (which may
 * be NULL): ERR_URL, ERR_SCHEME, ERR_LOGIN, ERR_MEMORY; *out is untouched then. A user info never appears in an error. */
int url_parse(struct url *out, const char *text, size_t len, const char *default_scheme, unsigned flags,
              struct error *err);

/* Frees what url_parse made; an all-zero url may be freed too. */
void url_deinit(struct url *u);

/* Writes "host", "host:port", "[v6]" or "[v6]:port" as a Host field wants it (RFC 9110 section 7.2), NUL-terminated.
 * Returns the length, or ERR_URL where size is too small. */
int url_authority(const struct url *u, char *out, size_t size);

/* Appends to out the URL that reference (of a Location field) means when it comes from base: absolute, without a user
 * info of base's, for url_parse to read. ERR_MEMORY, also where out is full; ERR_URL. */
int url_resolve(struct buf *out, const struct url *base, const char *reference);

/* Text for people: a copy of text without user info, control characters as \xNN, cut at size - 1 bytes. For URLs too
 * malformed to parse as well. out: size bytes (1 or more), always NUL-terminated. Returns the length. */
size_t url_show(char *out, size_t size, const char *text, size_t len);

/* "libidn2/2.3.3", as it runs. A constant. */
const char *url_library(void);

#endif
