/* A connection to a Unix domain socket. A coroutine over engine_connect; called by net/dial.c. */
#ifndef AFETCH_NET_UNIX_SOCKET_H
#define AFETCH_NET_UNIX_SOCKET_H

#include "engine/engine.h"

/* Set by the caller in a zeroed frame, which stays until the end. */
struct unix_connect {
    struct co co;
    struct engine *engine;
    const char *path; /* one that addr_from_path takes; it stays as long as the connection */
    struct error *err;
    struct sock **sock; /* where the socket goes as this ends; the caller's from then on */
    struct addr *peer;
    /* unix_socket.c's */
    struct addr addr;
    struct sock *made;
    uint64_t delay_ns;
    union {
        struct io io;
        struct co_sleep nap;
    } u;
};

/* By co_call(caller, &u->co, unix_connect_run). Ends with 0, or ERR_CONNECT with its sentence in err, ERR_MEMORY, or the
 * reason it was cancelled for. */
void unix_connect_run(struct co *co);

#endif
