/* One request and its response: the seam behind which HTTP/1.1 (and later HTTP/2) lies. The fetch sees an exchange,
 * never a stream. What happens on it is told by exchange_next; between events nothing need be awaited. */
#ifndef AFETCH_FETCH_EXCHANGE_H
#define AFETCH_FETCH_EXCHANGE_H

#include "fetch/conn.h"

enum exchange_event {
    EXCHANGE_WAIT,   /* nothing more is known: await exchange_wait, then call exchange_arrived */
    EXCHANGE_INFORM, /* a 1xx head was read */
    EXCHANGE_HEAD,   /* the head was read */
    EXCHANGE_BODY,   /* bytes of the body */
    EXCHANGE_END     /* the response is whole */
};

struct exchange {
    struct conn *conn;
    struct error *err;
    bool sent;           /* the request, whole */
    struct error broken; /* why no more could be sent; told if no response came before */
};

/* Begins on a connection, which stays its owner's. err: where the particulars of a failure go. */
void exchange_begin(struct exchange *x, struct conn *conn, bool head_request, struct error *err);
/* How its response is read otherwise: raw, with the lines around chunks; no_length, not by its Content-Length;
 * keep_head: as http1_raw_head wants it. */
void exchange_read_as(struct exchange *x, bool raw, bool no_length, bool keep_head);
void exchange_end(struct exchange *x);
/* Sends bytes of the request, which must stay put, while a response may be read; then exchange_sent gives 0 or ERR_SEND.
 * It is 0, too, where the connection broke, as exchange_broken then says: the server may have told why before, and the
 * response is to be read. */
struct co_op *exchange_send(struct exchange *x, struct co *caller, const void *data, size_t len);
int exchange_sent(struct exchange *x);
bool exchange_broken(const struct exchange *x);
/* All of the request was sent. */
void exchange_whole(struct exchange *x);
/* The next event, or a negative code. data, len: set for EXCHANGE_BODY, valid until the next await (exchange_keep). */
int exchange_next(struct exchange *x, const char **data, size_t *len);
struct co_op *exchange_wait(struct exchange *x, struct co *caller);
/* Takes what exchange_wait brought: 0, or a negative code. */
int exchange_arrived(struct exchange *x);
/* How many bytes came and are not told yet. */
size_t exchange_unread(const struct exchange *x);
/* Before an await between two events: keeps what came and is not told yet. ERR_MEMORY. */
int exchange_keep(struct exchange *x);
/* Nothing of the response has come: the server may never have seen the request. */
bool exchange_unanswered(const struct exchange *x);
/* After EXCHANGE_END: the server goes on reading on this connection. */
bool exchange_persists(const struct exchange *x);
/* Likewise: and it may carry another, as the request was sent. */
bool exchange_reusable(const struct exchange *x);

#endif
