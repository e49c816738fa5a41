/* The sending of a request's body, in a hop: how it is framed and announced, whether it waits for the server's 100
 * (Continue), and what a response that comes meanwhile means to it. Sent by a coroutine of its own, while the hop reads
 * the response. */
#ifndef AFETCH_FETCH_UPLOAD_H
#define AFETCH_FETCH_UPLOAD_H

#include "base/buf.h"
#include "fetch/body.h"
#include "fetch/brake.h"
#include "fetch/exchange.h"
#include "proto/http1.h"

struct afetch_request;

struct upload {
    struct co co;
    struct afetch_request *request;
    struct co *hop;
    struct exchange *exchange;
    struct co_group group; /* the sender alone */
    struct body_reader body;
    char length_text[24];
    bool chunked;
    bool expects;  /* the server's 100 (Continue) */
    bool awaiting; /* it is waited for */
    bool writing;  /* a piece is on its way */
    bool stopped;  /* the server wants no more of it */
    bool whole;    /* all is sent */
    bool spawned;
    bool last_chunk;
    const char *piece; /* to be sent: in framed, or lent by the body */
    size_t piece_len, payload_len;
    size_t part_len; /* of piece, sent at once */
    size_t joined;   /* bytes behind the head */
    struct buf framed;
    union {
        struct co_sleep nap;   /* awaiting the server's 100 */
        struct rate_wait pass; /* --limit-rate */
    } u;
};

/* Makes r->upload, if this hop sends a body, and else leaves it NULL. An attempt that only fetches a challenge sends an
 * empty one in place of r's own (Content-Length: 0), and sets r->send_empty. 0, or an error that is in r->err. */
int upload_new(struct afetch_request *r);
void upload_free(struct afetch_request *r);

/* The rest is for a request whose upload is not NULL. */

/* Completes when its feeder is there, and its length known if it ever is: 0, or an error that is in r->err. */
struct co_op *upload_open(struct afetch_request *r, struct co *hop);
/* How it goes with the head that is to be written: 0, or an error that is in r->err. */
int upload_frame(struct afetch_request *r);
/* What the head says of it: the coding that stands before the user's fields, and three defaults behind them. r->upload
 * may be NULL. */
enum { UPLOAD_FIELDS = 3 };
const char *upload_coding(const struct afetch_request *r);
void upload_fields(const struct afetch_request *r, struct http1_default fields[UPLOAD_FIELDS]);
/* Adds a body that is small, and waits for nothing, to its head: they are sent together. ERR_MEMORY, and body_next's. */
int upload_join_head(struct afetch_request *r, struct buf *head);
/* The head is sent, and is the head alone again: the body follows, if that was not all. A failure that is not the
 * connection's cancels hop. */
void upload_start(struct afetch_request *r, struct exchange *x, struct co *hop, struct buf *head);

/* The head of a 1xx response, or of the last one, was read. In the latter case r->then says what it leads to. */
void upload_informed(struct afetch_request *r, int status);
void upload_answered(struct afetch_request *r, int status);
/* The response is whole: completes when the sender has ended, be it that it has sent all or that there is no use in it. */
struct co_op *upload_finish(struct afetch_request *r);
/* Completes when the sender, cancelled, has ended. */
struct co_op *upload_reap(struct afetch_request *r);

/* Whether the sender is at work; u may be NULL. */
static inline bool upload_is_sending(const struct upload *u)
{
    return u && u->spawned && !co_ended(&u->co);
}

/* These for r->upload NULL, too, and outside of a hop. */

/* Whether r sends a body where it now goes: a redirect that made a GET of it left that behind; who says that it is chunked
 * gets a last chunk at least. */
bool upload_sends_body(const struct afetch_request *r);
/* Whether another attempt can send the body again. */
bool upload_can_repeat(const struct afetch_request *r);
/* The response says that the server does not do what Expect asks for, before anything was sent: once more without. */
bool upload_unexpected(struct afetch_request *r, int status);

#endif
