/* --shard: which URLs of a list are this machine's. Those of one host go to one shard, the same everywhere. Used by
 * run.c. */
#ifndef AFETCH_CMD_SHARD_H
#define AFETCH_CMD_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARDS_MAX = 1000000 };

struct shard {
    unsigned k, n; /* 1 to n; n 0: everything is ours */
};

/* "2/5". false: it is none. */
bool shard_parse(struct shard *s, const char *text);
/* The shard of n that a host (in lower case and A-labels) belongs to, from 1: FNV-1a of 64 bits, modulo n. */
unsigned shard_of_host(const char *host, unsigned n);
/* Whether an input is ours. url NULL, and what is no URL: the first shard's, so that it is told of once. scheme: that of
 * URLs without one. */
bool shard_takes(const struct shard *s, const char *url, size_t len, const char *scheme);

#endif
