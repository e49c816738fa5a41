/* One connection at its other end: what sim_server.c, which serves, and sim_watch.c, which watches the client, share. */
#ifndef TESTS_SIM_PEER_H
#define TESTS_SIM_PEER_H

#include "sim/sim_tls.h"

struct peer {
    struct sim_world *w;
    struct sim_host *host;
    struct sock *sock;
    struct sim_tunnel *tunnel; /* the proxy's; NULL: it is to a server */
    struct sim_tls *tls;       /* NULL: plain HTTP */
    struct sim_event step;     /* the next thing that this server does */
    struct buf request;        /* what has arrived of it */
    struct sim_url *asked;     /* whose request the client wrote last */
    unsigned asked_in;         /* which hop of it */
    size_t asks;               /* requests that it wrote */
    struct sim_served last;    /* whose response is under way, or was last; url NULL: none yet */
    struct sim_hop gone;       /* stands for hops that have ended */
    struct sim_response response;
    size_t served;       /* requests whose response was made */
    size_t sent, told;   /* bytes of the response, to the client and read by it */
    size_t end_at;       /* where the server ends, resets or stalls; SIZE_MAX: nowhere */
    bool resets, stalls; /* what it does there */
    bool in_flight;      /* the client waits for a response */
    bool used;           /* there was a request */
    bool failing;        /* it was told of a failure instead, which its URL will end with */
    bool over;           /* the server has ended or reset */
    bool said_unasked, middled;
    struct sim_upload out, in; /* the last request's body, as the client writes it and as it arrives */
    bool heard;                /* the head of a request, whose body is on its way */
    bool responded;
    size_t early_at;         /* the response comes with so many bytes of the body; SIZE_MAX: behind it */
    struct sim_event inform; /* 100 (Continue) */
    size_t informs_left;     /* bytes of it that were not told */
    bool informed, mute;     /* it was told; the client cannot write any more */
};

#define PEER_OF(event) ((struct peer *)(void *)((char *)(event)-offsetof(struct peer, step)))

/* What happens in the hop whose request it was. */
static inline struct sim_hop *hop_of(struct peer *p)
{
    return p->asked_in == p->asked->hops ? &p->asked->hop : &p->gone;
}

/* The client writes a request, or more of one; it is told something; a request is under way no more. sim_watch.c. */
void sim_peer_writing(void *peer, const char *data, size_t len);
void sim_peer_told(void *peer, enum sim_told what, size_t len);
void sim_peer_answered(struct peer *p);

#endif
