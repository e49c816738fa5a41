/* Where hosts are reached, as the user has it, before names are asked: addresses of a host and port (curl's --resolve),
 * another host and port to connect to (--connect-to), one family of addresses, a Unix domain socket for everything. No
 * I/O; made once, and only read from then on, by connections on any thread. Over base/, engine/addr.h and proto/url.h;
 * called by net/race.c, net/dial.c and fetch/. */
#ifndef AFETCH_NET_OVERRIDES_H
#define AFETCH_NET_OVERRIDES_H

#include "base/error.h"
#include "base/table.h"
#include "engine/addr.h"

#define OVERRIDES_SOON_NS ((uint64_t)60 * 1000000000) /* how long a "+" of --resolve holds, as in curl */

/* All zero says nothing. */
struct overrides {
    struct table addrs;     /* struct override, by "host:port" */
    struct detour *detours; /* in the order in which they were given */
    size_t detour_count;
    int family;                /* AF_INET, AF_INET6: of this alone are names asked; 0: of both */
    uint64_t attempt_delay_ns; /* between two addresses that are tried; 0: the default */
    char *unix_socket;         /* the path of that which everything connects to; NULL: there is none */
};

/* "HOST:PORT:ADDR[,ADDR]...", "+..." (it holds for a minute from now_ns on), or "-HOST:PORT" (takes back what an earlier
 * one said). HOST may be "*", which counts where nothing else is said. ERR_USAGE with a sentence in err, ERR_MEMORY. */
int overrides_add_addrs(struct overrides *o, const char *text, uint64_t now_ns, struct error *err);
/* "HOST1:PORT1:HOST2:PORT2": who wants HOST1:PORT1 (empty: any) is to connect to HOST2:PORT2 (empty: the same). Errors
 * as above. */
int overrides_add_detour(struct overrides *o, const char *text, struct error *err);
/* Errors as above. */
int overrides_set_unix_socket(struct overrides *o, const char *path, struct error *err);
void overrides_deinit(struct overrides *o);

/* The addresses of host (in the form of struct url's, a literal, too) and port, in the order to try; ports are 0. They
 * are o's. NULL: nothing is said of it. */
const struct addr *overrides_addrs(const struct overrides *o, const char *host, uint16_t port, uint64_t now_ns,
                                   size_t *count);

struct override_target {
    const char *host, *zone; /* as in struct url */
    uint16_t port;
};
/* Makes *t what is to be connected to instead, by the first of the detours that fits; its strings may be o's then. */
void overrides_detour(const struct overrides *o, struct override_target *t);

#endif
