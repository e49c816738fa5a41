/* The serving end of a TLS connection: real TLS (tests/server) on the simulated wire, and what goes wrong with its
 * ciphertext. It stands between the engine and the server of sim_server.c, which knows of plaintext alone.
 *
 * What the client writes is decrypted the moment it is written, so that it is known at once whose request it is, but acted
 * upon only as it arrives. */
#ifndef TESTS_SIM_TLS_H
#define TESTS_SIM_TLS_H

#include "sim/sim_world.h"

struct sim_tls;

/* The server behind it; plaintext in both directions. */
struct sim_tls_up {
    void (*writing)(void *peer, const char *data, size_t len);
    void (*arrived)(void *peer, const char *data, size_t len);
    void (*told)(void *peer, enum sim_told what, size_t len);
};

/* Before and behind each run. */
void sim_tls_begin(struct sim_world *w);
void sim_tls_end(struct sim_world *w);
/* The PEM file of the authority that hosts' certificates are of. */
const char *sim_tls_ca_file(struct sim *s);
/* The serving configuration of a host, made at its first connection. */
struct tls_config *sim_tls_config(struct sim_world *w, struct sim_host *h);

struct sim_tls *sim_tls_new(struct sim_world *w, struct sim_host *h, struct sock *s, const struct sim_tls_up *up,
                            void *peer);
void sim_tls_free(struct sim_tls *t);

/* As those of struct sim_remote, in ciphertext. */
void sim_tls_writing(struct sim_tls *t, const char *data, size_t len);
void sim_tls_arrived(struct sim_tls *t, size_t len);
void sim_tls_told(struct sim_tls *t, enum sim_told what, size_t len);

/* From the server: plaintext, and the end of the connection behind all that was sent, in order or by a reset. */
void sim_tls_send(struct sim_tls *t, const char *data, size_t len);
void sim_tls_close(struct sim_tls *t, bool reset);
/* Something will go wrong within the next len bytes that are sent. */
void sim_tls_break(struct sim_tls *t, enum sim_tls_fault fault, size_t len);

#endif
