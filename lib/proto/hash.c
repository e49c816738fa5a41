#include "proto/hash.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/md.h>

#include "base/error.h"

struct hash {
    mbedtls_md_context_t md;
    int failed; /* the first code of mbedTLS that is not 0 */
};

static const mbedtls_md_type_t types[] = {[HASH_MD5] = MBEDTLS_MD_MD5, [HASH_SHA256] = MBEDTLS_MD_SHA256};

struct hash *hash_new(enum hash_kind kind)
{
    struct hash *h = malloc(sizeof *h);
    if (!h)
        return NULL;
    mbedtls_md_init(&h->md);
    if (mbedtls_md_setup(&h->md, mbedtls_md_info_from_type(types[kind]), 0) != 0) {
        hash_free(h);
        return NULL;
    }
    h->failed = mbedtls_md_starts(&h->md);
    return h;
}

void hash_free(struct hash *h)
{
    if (!h)
        return;
    mbedtls_md_free(&h->md);
    free(h);
}

void hash_add(struct hash *h, const void *data, size_t len)
{
    if (!h->failed)
        h->failed = mbedtls_md_update(&h->md, data, len);
}

void hash_adds(struct hash *h, const char *text)
{
    hash_add(h, text, strlen(text));
}

int hash_hex(struct hash *h, char hex[HASH_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[(HASH_HEX_SIZE - 1) / 2];
    int failed = h->failed ? h->failed : mbedtls_md_finish(&h->md, digest);
    size_t len = failed ? 0 : mbedtls_md_get_size(mbedtls_md_info_from_ctx(&h->md));
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * len] = '\0';
    h->failed = mbedtls_md_starts(&h->md);
    return failed ? ERR_INTERNAL : 0;
}
