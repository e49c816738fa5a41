#include "journal_parts.h"

#include <stdlib.h>
#include <string.h>

enum { COUNTED = JOURNAL_KEY - 4 };

/* ---- sets ------------------------------------------------------------------------------------------------------- */

void journal_keys_deinit(struct journal_keys *keys)
{
    free(keys->slot);
    *keys = (struct journal_keys){0};
}

static bool is_free(const struct journal_key *key)
{
    static const struct journal_key none;
    return memcmp(key, &none, sizeof none) == 0;
}

/* Where it is, or should be. */
static struct journal_key *place(struct journal_key *slot, size_t size, const struct journal_key *key, size_t compared)
{
    size_t i;
    memcpy(&i, key->bytes, sizeof i); /* it is a digest: any of its bits choose well */
    for (i &= size - 1; !is_free(&slot[i]) && memcmp(slot[i].bytes, key->bytes, compared) != 0;
         i = (i + 1) & (size - 1))
        ;
    return &slot[i];
}

struct journal_key *journal_keys_find(const struct journal_keys *keys, const struct journal_key *key, size_t compared)
{
    struct journal_key *at = keys->size ? place(keys->slot, keys->size, key, compared) : NULL;
    return at && !is_free(at) ? at : NULL;
}

static bool grow(struct journal_keys *keys, size_t compared)
{
    size_t size = keys->size ? keys->size * 2 : 64;
    struct journal_key *slot = calloc(size, sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < keys->size; i++)
        if (!is_free(&keys->slot[i]))
            *place(slot, size, &keys->slot[i], compared) = keys->slot[i];
    free(keys->slot);
    keys->slot = slot;
    keys->size = size;
    return true;
}

struct journal_key *journal_keys_add(struct journal_keys *keys, const struct journal_key *key, size_t compared)
{
    if (keys->count * 4 >= keys->size * 3 && !grow(keys, compared))
        return NULL;
    struct journal_key *at = place(keys->slot, keys->size, key, compared);
    if (is_free(at)) {
        *at = *key;
        keys->count++;
    }
    return at;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* One piece, so that no two sequences of pieces are the same bytes. */
static void add(struct afetch_sha256 *h, char what, const char *text, size_t len)
{
    const unsigned char head[] = {(unsigned char)what, (unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                  (unsigned char)(len >> 8), (unsigned char)len};
    if (!text)
        return;
    afetch_sha256_add(h, head, sizeof head);
    afetch_sha256_add(h, text, len);
}

static void add_text(struct afetch_sha256 *h, char what, const char *text)
{
    add(h, what, text, text ? strlen(text) : 0);
}

static unsigned char digit(char c)
{
    return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void end(struct afetch_sha256 *h, struct journal_key *key)
{
    char hex[AFETCH_SHA256_SIZE];
    *key = (struct journal_key){{0}};
    if (afetch_sha256_hex(h, hex) != AFETCH_OK)
        return;
    for (size_t i = 0; i < JOURNAL_KEY; i++)
        key->bytes[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
}

/* How many like it there were, it included; 0: no memory. */
static uint32_t count(struct journal *j, const struct journal_key *like)
{
    struct journal_key *at = journal_keys_add(&j->seen, like, COUNTED);
    uint32_t n;
    if (!at)
        return 0;
    memcpy(&n, at->bytes + COUNTED, sizeof n);
    n++;
    memcpy(at->bytes + COUNTED, &n, sizeof n);
    return n;
}

bool journal_key(struct journal *j, const char *method, const struct target *target, const struct fields *own,
                 struct journal_key *key)
{
    struct afetch_sha256 *h = j->hash;
    add_text(h, 'm', own && own->method ? own->method : method);
    add_text(h, 'u', target->url);
    for (size_t i = 0; own && i < own->header_count; i++)
        add_text(h, 'h', own->headers[i]);
    add(h, 'b', own ? own->body : NULL, own ? own->body_len : 0);
    add_text(h, 'f', own ? own->body_file : NULL);
    add_text(h, 'd', target->folder);
    add_text(h, 'o', target->out ? target->out : target->output);
    end(h, key);
    memset(key->bytes + COUNTED, 0, JOURNAL_KEY - COUNTED);
    uint32_t n = count(j, key);
    const unsigned char which[] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                   (unsigned char)n};
    afetch_sha256_add(h, key->bytes, COUNTED);
    afetch_sha256_add(h, which, sizeof which);
    end(h, key);
    return n > 0;
}

bool journal_has(const struct journal *j, const struct journal_key *key)
{
    return journal_keys_find(&j->done, key, JOURNAL_KEY) != NULL;
}
