/* What requests send: bytes in memory, what a feeder gives, or a form made of both; and one reading of a body, for one
 * attempt at a request. Knows nothing of how it is framed or sent. */
#ifndef AFETCH_FETCH_BODY_H
#define AFETCH_FETCH_BODY_H

#include <stdatomic.h>

#include "afetch.h"
#include "proto/multipart.h"

struct afetch_body {
    atomic_size_t holders;  /* whoever made it, and requests */
    bool fed;               /* data is a name, which the request's feeder knows */
    struct multipart *form; /* in place of data; NULL: it is none */
    bool unfinished;        /* the form */
    const char *data;       /* own, or lent; NUL-terminated where it is a name */
    size_t len;
    char own[];
};

/* One more holder. b may be NULL. */
struct afetch_body *body_hold(struct afetch_body *b);
/* The value of its Content-Type by default; NULL: none. b may be NULL. */
const char *body_content_type(const struct afetch_body *b);
/* It is sent as web pages send what was filled in, and so goes the way of a POST at redirects; an upload does not. */
bool body_is_posted(const struct afetch_body *b);
/* Its Content-Type is for it to say: it names what separates its parts. */
bool body_is_form(const struct afetch_body *b);

/* All zero is one that has not begun, and may be closed. */
struct body_reader {
    struct afetch_request *request;
    const struct afetch_body *body; /* NULL: an empty one */
    uint64_t taken;                 /* bytes */
    const char *rest;               /* of them, not given yet */
    size_t rest_len;
    int64_t length;     /* of all; -1: not known */
    bool begun;         /* the feeder was, and must be ended */
    bool opening;       /* it has not answered to that yet */
    int64_t fed_length; /* what it said of itself */
    bool once;          /* what it gives cannot be given again */
    struct multipart_reader form;
    size_t file; /* of the form, that is read */
};

enum body_event { BODY_END, BODY_BYTES, BODY_LATER };

/* Begins, with request and body set. 0; BODY_LATER: once more after afetch_request_feed; or an error that is in the
 * request's err. These call a feeder's functions, with the session's lock held. */
int body_open(struct body_reader *b);
/* More of it, which stays put until the next call: an event, or an error as above. */
int body_next(struct body_reader *b, const char **data, size_t *len);
void body_close(struct body_reader *b);
/* All of it lies in memory: body_next never says BODY_LATER. */
bool body_is_here(const struct body_reader *b);

#endif
