/* Names of cipher suites and groups as a command line has them, made into what mbedTLS wants. */
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl_ciphersuites.h>

#include "proto/tls_impl.h"

#define NAME_MAX_LEN 80 /* longer than any suite's name */

/* The next word of a list, and its length in *len; NULL at the end. */
static const char *next_word(const char **list, const char *separators, size_t *len)
{
    const char *word = *list + strspn(*list, separators);
    *len = strcspn(word, separators);
    *list = word + *len;
    return *len > 0 ? word : NULL;
}

static bool same(const char *word, size_t len, const char *name)
{
    if (strlen(name) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (tls_lower(word[i]) != tls_lower(name[i]))
            return false;
    return true;
}

/* ---- cipher suites ---------------------------------------------------------------------------------------------------- */

#define TLS_1_3_NAME "TLS1-3-"

static bool is_1_3(const char *name)
{
    return strncmp(name, TLS_1_3_NAME, sizeof TLS_1_3_NAME - 1) == 0;
}

/* IANA's name of a suite, from mbedTLS's: "TLS-RSA-WITH-AES-128-CBC-SHA" is TLS_RSA_WITH_AES_128_CBC_SHA, and
 * "TLS1-3-AES-128-GCM-SHA256" TLS_AES_128_GCM_SHA256. */
static void iana_name(char name[NAME_MAX_LEN], const char *ours)
{
    size_t skip = is_1_3(ours) ? strlen("TLS1-3") : strlen("TLS");
    size_t n = 0;
    for (const char *p = "TLS"; *p; p++)
        name[n++] = *p;
    for (ours += skip; *ours && n + 1 < NAME_MAX_LEN; ours++)
        name[n++] = *ours == '-' ? '_' : *ours;
    name[n] = '\0';
}

/* OpenSSL's name of a suite of TLS 1.2, from mbedTLS's: "TLS-ECDHE-RSA-WITH-AES-128-CBC-SHA256" is
 * ECDHE-RSA-AES128-SHA256 there, and "TLS-RSA-WITH-AES-128-GCM-SHA256" AES128-GCM-SHA256. */
static void openssl_name(char name[NAME_MAX_LEN], const char *ours)
{
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"TLS-RSA-WITH-", ""},
        {"TLS-", ""},
        {"ECDHE-RSA-WITH-ARIA-", "ECDHE-ARIA"},
        {"WITH-", ""},
        {"AES-1", "AES1"},
        {"AES-2", "AES2"},
        {"ARIA-", "ARIA"},
        {"CAMELLIA-", "CAMELLIA"},
        {"CBC-", ""},
        {"CCM-8", "CCM8"},
        {"POLY1305-SHA256", "POLY1305"},
    };
    size_t n = 0;
    while (*ours && n + 10 < NAME_MAX_LEN) {
        size_t i = 0, count = sizeof changes / sizeof changes[0];
        while (i < count && strncmp(ours, changes[i].from, strlen(changes[i].from)) != 0)
            i++;
        if (i == count) {
            name[n++] = *ours++;
            continue;
        }
        for (const char *p = changes[i].to; *p; p++)
            name[n++] = *p;
        ours += strlen(changes[i].from);
    }
    name[n] = '\0';
}

/* The suite that a word names, by either name; 0: none that is known, or of the other version. */
static int suite_of(const char *word, size_t len, bool want_1_3)
{
    for (const int *id = mbedtls_ssl_list_ciphersuites(); *id; id++) {
        char name[NAME_MAX_LEN];
        const char *ours = mbedtls_ssl_get_ciphersuite_name(*id);
        if (is_1_3(ours) != want_1_3)
            continue;
        iana_name(name, ours);
        if (same(word, len, name))
            return *id;
        openssl_name(name, ours);
        if (!want_1_3 && same(word, len, name))
            return *id;
    }
    return 0;
}

struct suites {
    int *id;
    size_t count, size;
};

static bool add_suite(struct suites *s, int id)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->id[i] == id)
            return true;
    if (s->count + 1 >= s->size) {
        size_t size = s->size ? s->size * 2 : 32;
        int *more = realloc(s->id, size * sizeof *more);
        if (!more)
            return false;
        s->id = more;
        s->size = size;
    }
    s->id[s->count++] = id;
    s->id[s->count] = 0;
    return true;
}

/* Those of our own that are of one version, or those that the names say: as in curl, what is not known is passed over
 * as long as anything is. */
static int choose(struct suites *s, const char *names, const int *ours, bool want_1_3, struct error *err)
{
    const char *rest = names, *word;
    size_t len, before = s->count;
    for (; !names && *ours; ours++)
        if (is_1_3(mbedtls_ssl_get_ciphersuite_name(*ours)) == want_1_3 && !add_suite(s, *ours))
            return error_set(err, ERR_MEMORY, 0, NULL);
    while (names && (word = next_word(&rest, ":, ;\t", &len))) {
        int id = suite_of(word, len, want_1_3);
        if (id && !add_suite(s, id))
            return error_set(err, ERR_MEMORY, 0, NULL);
    }
    if (names && s->count == before)
        return error_set(err, ERR_CIPHER, 0, "none for TLS 1.%d in \"%.200s\"", want_1_3 ? 3 : 2, names);
    return 0;
}

int tls_suites_make(int **out, const struct tls_options *opt, const int *ours, struct error *err)
{
    struct suites s = {0};
    int rc = choose(&s, opt->ciphers_1_3, ours, true, err);
    if (rc == 0)
        rc = choose(&s, opt->ciphers, ours, false, err);
    if (rc < 0) {
        free(s.id);
        return rc;
    }
    *out = s.id;
    return 0;
}

/* ---- groups ------------------------------------------------------------------------------------------------------------ */

/* Each by the name of RFC 8446 and those that OpenSSL takes. */
static const struct {
    uint16_t id;
    const char *names;
} groups[] = {
    {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, "X25519"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_X448, "X448"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, "P-256 prime256v1 secp256r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, "P-384 secp384r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, "P-521 secp521r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256K1, "secp256k1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_BP256R1, "brainpoolP256r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_BP384R1, "brainpoolP384r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_BP512R1, "brainpoolP512r1"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE2048, "ffdhe2048"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE3072, "ffdhe3072"},
    {MBEDTLS_SSL_IANA_TLS_GROUP_FFDHE4096, "ffdhe4096"},
};

#define GROUPS (sizeof groups / sizeof groups[0])

static uint16_t group_of(const char *word, size_t len)
{
    for (size_t i = 0; i < GROUPS; i++) {
        const char *rest = groups[i].names, *name;
        size_t n;
        while ((name = next_word(&rest, " ", &n))) {
            char text[NAME_MAX_LEN] = "";
            memcpy(text, name, n);
            if (same(word, len, text))
                return groups[i].id;
        }
    }
    return 0;
}

int tls_groups_make(uint16_t **out, const char *names, struct error *err)
{
    uint16_t *list = calloc(GROUPS + 1, sizeof *list); /* MBEDTLS_SSL_IANA_TLS_GROUP_NONE, 0, ends it */
    if (!list)
        return error_set(err, ERR_MEMORY, 0, NULL);
    size_t count = 0, len;
    const char *word, *rest = names;
    while ((word = next_word(&rest, ":", &len))) {
        uint16_t id = group_of(word, len);
        size_t i = 0;
        while (i < count && list[i] != id)
            i++;
        if (id && i == count)
            list[count++] = id;
        if (!id) {
            free(list);
            return error_set(err, ERR_CIPHER, 0, "no curve \"%.*s\"", (int)(len < 100 ? len : 100), word);
        }
    }
    if (count == 0) {
        free(list);
        return error_set(err, ERR_CIPHER, 0, "no curve is named");
    }
    *out = list;
    return 0;
}
