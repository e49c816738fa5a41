#include "shard.h"
#include "afetch.h"
#include "fnv.h"

#include <string.h>

static bool take_part(const char **text, unsigned *out)
{
    unsigned n = 0;
    const char *s = *text;
    for (; *s >= '0' && *s <= '9' && n <= SHARDS_MAX; s++)
        n = n * 10 + (unsigned)(*s - '0');
    bool any = s != *text;
    *text = s;
    *out = n;
    return any && n >= 1 && n <= SHARDS_MAX;
}

bool shard_parse(struct shard *s, const char *text)
{
    struct shard read;
    if (!take_part(&text, &read.k) || *text++ != '/' || !take_part(&text, &read.n) || *text || read.k > read.n)
        return false;
    *s = read;
    return true;
}

unsigned shard_of_host(const char *host, unsigned n)
{
    return (unsigned)(fnv_more(FNV_BEGIN, host, strlen(host)) % n) + 1;
}

bool shard_takes(const struct shard *s, const char *url, size_t len, const char *scheme)
{
    char host[AFETCH_HOST_SIZE];
    if (s->n == 0)
        return true;
    if (!url || afetch_url_host(url, len, scheme, host) != AFETCH_OK)
        return s->k == 1;
    return shard_of_host(host, s->n) == s->k;
}
