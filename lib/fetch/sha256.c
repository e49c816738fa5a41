/* The digest of afetch.h, which is that of proto/hash.h. */
#include "afetch.h"

#include "proto/hash.h"

_Static_assert(AFETCH_SHA256_SIZE <= HASH_HEX_SIZE, "a digest fits in its text");

/* One is the other by another name: what is public shows nothing of proto/. */
static struct hash *inner(struct afetch_sha256 *h)
{
    return (struct hash *)(void *)h;
}

struct afetch_sha256 *afetch_sha256_new(void)
{
    return (struct afetch_sha256 *)(void *)hash_new(HASH_SHA256);
}

void afetch_sha256_free(struct afetch_sha256 *h)
{
    hash_free(inner(h));
}

void afetch_sha256_add(struct afetch_sha256 *h, const void *data, size_t len)
{
    hash_add(inner(h), data, len);
}

enum afetch_code afetch_sha256_hex(struct afetch_sha256 *h, char hex[AFETCH_SHA256_SIZE])
{
    return hash_hex(inner(h), hex) < 0 ? AFETCH_INTERNAL : AFETCH_OK;
}
