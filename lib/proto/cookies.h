/* A cookie jar (RFC 6265bis: draft-ietf-httpbis-rfc6265bis, section 5) and its file in Netscape's format, as curl's -b
 * and -c have it. Sans-IO: text in, text out; the clock is the caller's. Includes base/ alone (libpsl within
 * cookies_psl.c). No locks inside: the jar of a session is behind its lock. A look-up costs by the cookies of that host,
 * not by those of the jar.
 *
 * Where it goes its own way: a name or value with a TAB in it is refused, as the file cannot hold it (curl does so too);
 * SameSite is passed over, as it tells which page may send a cookie, and here are no pages. */
#ifndef AFETCH_PROTO_COOKIES_H
#define AFETCH_PROTO_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define COOKIES_PAIR_MAX 4096                      /* bytes of name and value together: 6265bis section 5.6 */
#define COOKIES_ATTRIBUTE_MAX 1024                 /* bytes of an attribute's value; a longer one does not count */
#define COOKIES_AGE_MAX ((int64_t)400 * 24 * 3600) /* seconds that a server may ask for: 6265bis section 5.5 */
#define COOKIES_SENT_MAX 150                       /* cookies a request, */
#define COOKIES_SENT_BYTES_MAX 8190                /* and bytes of their field: curl's, and what Apache httpd takes */
#define COOKIES_DOMAIN_MAX 300                     /* cookies a domain: against a server that fills the jar */
#define COOKIES_MAX 100000                         /* cookies, */
#define COOKIES_BYTES_MAX ((size_t)64 << 20)       /* and bytes of memory; the longest unused ones go */

struct cookies; /* opaque */

/* An empty jar, which knows the newest public suffix list of this machine (psl_latest reads its file). NULL without
 * memory. */
struct cookies *cookies_new(void);
void cookies_free(struct cookies *c);

/* How many there are, expired ones that nobody met included. */
size_t cookies_count(const struct cookies *c);

/* Where a request goes, by struct url's rules: host in lower case and A-labels, an IPv6 address without brackets; target
 * with its path and query. Strings are used during the call alone. */
struct cookies_request {
    const char *host, *target;
    bool tls; /* https. http to localhost, 127.0.0.1 and ::1 is as good, as in curl */
};

/* Takes in the value of one Set-Cookie field of a response. now: seconds since 1970. 1: the jar has it (or, as it had
 * expired, the one that it replaces is gone). 0: refused, with the reason in *why (static text, "it has no name and no
 * value"; why may be NULL). ERR_MEMORY: the jar is as before. */
int cookies_receive(struct cookies *c, const struct cookies_request *r, const char *value, size_t len, int64_t now,
                    const char **why);

/* Appends the value of the Cookie field of a request, "a=1; b=2", longest paths first, older ones before newer ones.
 * Returns how many cookies are in it (at 0 nothing was appended, and no field is to be sent); ERR_MEMORY, also where
 * out is full: nothing was appended. */
int cookies_field(struct cookies *c, const struct cookies_request *r, int64_t now, struct buf *out);

/* Takes in a cookie file: lines of Netscape's format, or of response heads ("Set-Cookie: …", which needs a Domain).
 * Other lines are passed over. A cookie that is there already is replaced. drop_session: those that have no expiry are
 * left out (-j). Returns how many lines gave a cookie; ERR_MEMORY: as far as it came. */
int cookies_read(struct cookies *c, const char *text, size_t len, bool drop_session, int64_t now);

/* Appends the jar as a cookie file that curl reads, sorted, so that the same jar is the same text. What has expired is
 * removed. ERR_MEMORY, also where out is full; out then has a part of it. */
int cookies_write(struct cookies *c, int64_t now, struct buf *out);

/* "libpsl/0.21.2", as it runs; "" where it was left out. A constant. */
const char *cookies_library(void);

#endif
