/* An echo server and its 500 clients, on one thread.
 *
 * Who serves a connection reads, writes back what came, and does so until the other side ends; who accepts starts one
 * of these for each connection. Each client reads as if it were alone, too. Nobody keeps a table of sockets, and there
 * is no callback: what waits for what is the engine's business, here libuv's loop first and poll(2) then. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/engine.h"

enum { CLIENTS = 500, MESSAGES = 3, PART = 8 };

/* ---- the server ----------------------------------------------------------------------------------------------- */

struct echo {
    struct co co;
    struct engine *engine;
    struct sock *sock;
    struct io in, out;
};

static void echo_run(struct co *co)
{
    CO_BEGIN(struct echo, c);
    for (;;) {
        CO_TRY(reading, engine_read(c->engine, &c->in, c->sock));
        if (co->rc == 0)
            CO_RETURN(0); /* the client has left */
        /* What was read is lent until the next await. The write is one, so its bytes must be kept. */
        c->in.data = engine_keep(c->engine, &c->in, c->in.data, c->in.len);
        CO_TRY(writing_back, engine_write(c->engine, &c->out, c->sock, c->in.data, c->in.len));
        engine_release(c->engine, &c->in);
    }
    CO_CLEANUP;
    engine_release(c->engine, &c->in); /* a client that left while it was written to */
    engine_close(c->engine, c->sock);
    CO_END;
}

struct server {
    struct co co;
    struct engine *engine;
    struct sock *listener;
    struct io io;
    struct co_group group;
    int accepted;
    struct echo echoes[CLIENTS];
};

static void server_run(struct co *co)
{
    CO_BEGIN(struct server, s);
    for (s->accepted = 0; s->accepted < CLIENTS; s->accepted++) {
        s->echoes[s->accepted].engine = s->engine;
        CO_TRY(accepting, engine_accept(s->engine, &s->io, s->listener, &s->echoes[s->accepted].sock));
        co_spawn(co, &s->group, &s->echoes[s->accepted].co, echo_run);
    }
    CO_TRY(serving, co_join(&s->group));
    CO_CLEANUP;
    co_group_cancel(&s->group, ERR_CANCELED);
    CO_AWAIT(reaping, co_join(&s->group));
    engine_close(s->engine, s->listener);
    CO_END;
}

/* ---- the clients ---------------------------------------------------------------------------------------------- */

/* What all clients share. They take turns on one thread, so a plain int counts. */
struct crowd {
    struct engine *engine;
    struct addr server;
    struct chan gate; /* nothing goes through it: it is closed when all are there, or one has failed */
    int connected, echoed, parts;
};

struct client {
    struct co co;
    struct crowd *crowd;
    int number, message;
    struct sock *sock;
    struct io io;
    struct chan_op waiting;
    struct co_sleep turn;
    char text[64];
    size_t len, sent, received;
};

static size_t part_len(const struct client *c)
{
    return c->len - c->sent < PART ? c->len - c->sent : PART;
}

/* Whether what came is how the text goes on. */
static bool echoed(const struct client *c)
{
    return c->io.len <= c->len - c->received && memcmp(c->io.data, c->text + c->received, c->io.len) == 0;
}

static void client_run(struct co *co)
{
    CO_BEGIN(struct client, c);
    CO_TRY(connecting, engine_connect(c->crowd->engine, &c->io, &c->crowd->server, &c->sock));
    if (++c->crowd->connected == CLIENTS)
        chan_close(&c->crowd->gate);
    CO_TRY(waiting_for_all, chan_get(&c->waiting, &c->crowd->gate));

    for (c->message = 1; c->message <= MESSAGES; c->message++) {
        c->len = (size_t)snprintf(c->text, sizeof c->text, "client %03d sends message %d", c->number, c->message);
        for (c->sent = 0; c->sent < c->len; c->sent += part_len(c)) {
            CO_TRY(writing, engine_write(c->crowd->engine, &c->io, c->sock, c->text + c->sent, part_len(c)));
            c->crowd->parts++;
            /* Until now: not a rest, but a turn for all others, and for what has come for them. */
            CO_TRY(giving_way, co_sleep(&c->turn, &c->crowd->engine->timers, engine_now_ns(c->crowd->engine)));
        }
        for (c->received = 0; c->received < c->len; c->received += c->io.len) {
            CO_TRY(reading, engine_read(c->crowd->engine, &c->io, c->sock));
            if (co->rc == 0 || !echoed(c))
                CO_RETURN(ERR_RECV);
        }
        c->crowd->echoed++;
    }
    CO_CLEANUP;
    engine_close(c->crowd->engine, c->sock);
    chan_close(&c->crowd->gate); /* nobody waits for who has failed */
    CO_END;
}

/* ---- both ----------------------------------------------------------------------------------------------------- */

struct root {
    struct co co;
    struct co_group serving, asking;
    struct server server;
    struct crowd crowd;
    struct client clients[CLIENTS];
};

static void root_run(struct co *co)
{
    CO_BEGIN(struct root, r);
    co_spawn(co, &r->serving, &r->server.co, server_run);
    for (int i = 0; i < CLIENTS; i++) {
        r->clients[i] = (struct client){.crowd = &r->crowd, .number = i + 1};
        co_spawn(co, &r->asking, &r->clients[i].co, client_run);
    }
    CO_TRY(asking, co_join(&r->asking));
    CO_CLEANUP;
    co_group_cancel(&r->asking, ERR_CANCELED);
    CO_AWAIT(reaping_clients, co_join(&r->asking));
    co_group_cancel(&r->serving, ERR_CANCELED);
    CO_AWAIT(reaping_server, co_join(&r->serving));
    CO_END;
}

/* Lets all of it run on an engine, and frees that. Whether each client got its echoes. root: all zero. */
static bool run(struct root *root, const char *name, struct engine *engine)
{
    struct addr *address = &root->crowd.server;
    int sys;
    int rc = ERR_CONNECT;
    root->server.engine = root->crowd.engine = engine;
    chan_init(&root->crowd.gate, NULL, 0);
    if (addr_parse(address, "127.0.0.1", NULL, 0) &&
        engine_listen(engine, address, CLIENTS, &root->server.listener, &sys) == 0 &&
        engine_address(engine, root->server.listener, false, address) == 0) { /* now with its port */
        co_start(&root->co, &engine->sched, root_run);
        rc = engine_run(engine, &root->co);
    }
    engine_free(engine);
    printf("on %s: %d clients connected at once, %d parts sent, %d messages echoed\n", name, root->crowd.connected,
           root->crowd.parts, root->crowd.echoed);
    return rc == 0 && root->crowd.echoed == CLIENTS * MESSAGES;
}

/* Both ends of each connection are in this process. */
static bool enough_descriptors(void)
{
    enum { WANTED = 2 * CLIENTS + 100 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < WANTED)
        return false;
    if (limit.rlim_cur < WANTED)
        limit.rlim_cur = WANTED;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

int main(void)
{
    static struct root on_uv, on_poll; /* half a MiB each: too much for some stacks */
    if (!enough_descriptors()) {
        puts("a process may not have as many descriptors open here");
        return 77;
    }
    struct engine *engine;
    if (engine_new_uv(&engine, NULL) < 0)
        return 1;
    bool ok = run(&on_uv, "uv", engine);
    if (engine_new_poll(&engine, NULL) < 0)
        return 1;
    return run(&on_poll, "poll", engine) && ok ? 0 : 1;
}
