/* Happy Eyeballs (RFC 8305): a name to one connected socket. A and AAAA are asked for at the same time, addresses tried
 * as they come, families in turn, each a little after the one before it; the first connection wins. A coroutine over
 * net/names.h and engine_connect; called by net/dial.c. */
#ifndef AFETCH_NET_RACE_H
#define AFETCH_NET_RACE_H

#include "net/names.h"
#include "net/overrides.h"

#define RACE_RESOLUTION_DELAY_NS ((uint64_t)50 * 1000 * 1000) /* RFC 8305 section 3: how long A waits for AAAA */
#define RACE_ATTEMPT_DELAY_NS ((uint64_t)250 * 1000 * 1000)   /* section 5 */

/* What to connect to; set by the caller in a zeroed frame, which stays until the end. */
struct race {
    struct co co;
    struct engine *engine;
    struct names *names;
    const struct overrides *overrides; /* addresses that are given, which family, the delay; NULL: none of these */
    const char *host;                  /* a name, or a literal without brackets */
    const char *zone;
    uint16_t port;
    bool to_proxy;        /* that is a proxy: where its name is not found, ERR_PROXY_RESOLVE */
    struct error *err;    /* where the failure's sentence goes */
    struct sock **sock;   /* where the winner goes, as the race ends; the caller's from then on */
    struct addr *peer;    /* its address; may be NULL */
    uint64_t resolved_ns; /* when the first address was known; 0: not yet, or names were not asked */
    size_t tried;         /* addresses, once it has ended */
    /* race.c's: look-ups and attempts, while it runs. */
    struct race_state *state;
};

/* Run by co_call(caller, &race->co, race_run). Ends with 0, or ERR_RESOLVE (a proxy: ERR_PROXY_RESOLVE; "could not resolve host: nosuch.invalid (no
 * such name)"), ERR_CONNECT ("could not connect: a.example port 443, 4 addresses tried (Connection refused)"),
 * ERR_MEMORY, all with their sentence in err, or the reason it was cancelled for. It waits in "resolving" while no
 * address is known, in "connecting" from then on. */
void race_run(struct co *co);

#endif
