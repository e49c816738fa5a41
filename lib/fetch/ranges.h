/* Ranges (RFC 9110 section 14): the part of a body that is asked for, and bodies that go on where the receiver is, be it
 * after a try that broke or because it had something before. Two versions of a body are never put together: a response
 * goes on only where a validator, or what else can be compared, says that it is of the same. */
#ifndef AFETCH_FETCH_RANGES_H
#define AFETCH_FETCH_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "afetch.h"
#include "proto/http1.h"

struct afetch_request;

enum { RANGES_TEXT = 32 };

/* Of a request. */
struct ranges {
    char *asked;     /* "bytes=0-99"; NULL: no range in particular */
    uint64_t had;    /* bytes that the receiver had before the request, and that still hold */
    uint64_t from;   /* the next attempt goes on there; 0: it begins from the start */
    uint64_t end;    /* of the response's body in the whole; 0: as far as it goes */
    uint64_t size;   /* of the whole; 0: not known */
    char *validator; /* of what the receiver has: a strong ETag, or a Last-Modified that is one; NULL: none */
    uint64_t source; /* whose validator that is: a hash of its URL; 0: not known */
    int64_t since_s; /* without a validator: when the receiver's bytes were fetched; 0: not known */
    bool exact;      /* a response that does not go on at from is a failure */
};

void ranges_deinit(struct ranges *g);

/* Whether the next attempt goes on where the receiver is; what is coded is of no use then. */
bool ranges_go_on(const struct afetch_request *r);
/* The values of a request's fields; NULL: none. room is the caller's. */
const char *ranges_field(const struct afetch_request *r, char room[RANGES_TEXT]);
const char *ranges_condition(const struct afetch_request *r);

/* What a response's head means to ranges. Negative: an error that is in r->err. */
enum ranges_word {
    RANGES_NONE,  /* nothing: it is judged as it is, and begins from the start */
    RANGES_REST,  /* it goes on where the receiver is */
    RANGES_WHOLE, /* the receiver has it all */
    RANGES_AGAIN  /* it is of no use: ask again, for the whole */
};
int ranges_judge(struct afetch_request *r, const struct http1 *response);
/* The request goes on without what the receiver has. */
void ranges_forget(struct ranges *g);
/* A response is about to be delivered: keeps what a later attempt could go on by. ERR_MEMORY. */
int ranges_note(struct afetch_request *r, const struct http1 *response);
/* Whether what is delivered of this response are bytes of the whole, so that another could go on behind them. */
bool ranges_can_resume(const struct afetch_request *r, const struct http1 *response);
/* Whether the next attempt may go on behind what was delivered. */
bool ranges_continue(const struct afetch_request *r);
/* Before len more bytes are delivered, and at the end of the body: 0, or an error that is in r->err. */
int ranges_check(struct afetch_request *r, size_t len);
int ranges_end(struct afetch_request *r);

#endif
