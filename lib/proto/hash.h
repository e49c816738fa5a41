/* Message digests, incremental: Digest authentication's, and --sha256's. Wraps mbedTLS's, which no other file of a
 * digest sees. Includes base/ alone. One struct a message after another; used by one thread at a time. */
#ifndef AFETCH_PROTO_HASH_H
#define AFETCH_PROTO_HASH_H

#include <stddef.h>

enum hash_kind { HASH_MD5, HASH_SHA256 };

#define HASH_HEX_SIZE 65 /* bytes for the longest digest in hexadecimal, NUL included */

struct hash; /* opaque: a few hundred bytes */

/* Ready for a message. NULL without memory. */
struct hash *hash_new(enum hash_kind kind);
void hash_free(struct hash *h);

/* More of the message. */
void hash_add(struct hash *h, const void *data, size_t len);
void hash_adds(struct hash *h, const char *text);

/* The digest of what was added, in lower-case hexadecimal, NUL-terminated; the next message begins. ERR_INTERNAL if
 * the crypto library failed on the way: hex is "" then. */
int hash_hex(struct hash *h, char hex[HASH_HEX_SIZE]);

#endif
