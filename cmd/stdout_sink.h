/* Standard output as the place of bodies: whole ones, never two at once. The first that has bytes is written as it comes;
 * the others collect, in memory and then in files without names, and follow as they are complete. What waits is bounded:
 * over that their transfers pause. Everything here is called on the session's thread and waits for nothing. Used by
 * transfer.c. */
#ifndef AFETCH_CMD_STDOUT_SINK_H
#define AFETCH_CMD_STDOUT_SINK_H

#include "output.h"

struct stdout_sink; /* of a run */
struct stdout_body; /* one of them */

/* What a sink does for those whose bodies it has. */
struct stdout_sink_owner {
    void (*wake)(void *arg);               /* has stdout_sink_pump called, soon; from any thread */
    void (*hold)(void *arg, size_t count); /* so many bodies are complete and wait for their turn */
    void (*warn)(void *arg, int error);    /* there can be no file; it goes on with memory alone */
    void (*resume)(void *body_owner);      /* there is room after STDOUT_FULL */
    void (*finish)(
        void *body_owner); /* it is complete, and all is on its way; the next one comes after stdout_body_free */
    void *arg;
};

/* ordered: bodies come in the order of stdout_sink_add. tells: finish writes to standard output, so that it waits for its
 * turn also where there is no body. NULL: no memory. */
struct stdout_sink *stdout_sink_new(struct output *out, bool ordered, bool tells,
                                    const struct stdout_sink_owner *owner);
/* No body is left. NULL is allowed. */
void stdout_sink_free(struct stdout_sink *s);
/* Goes on with what waits, after output or files have taken something. */
void stdout_sink_pump(struct stdout_sink *s);
/* Bodies that are complete and wait for their turn. */
size_t stdout_sink_waiting(const struct stdout_sink *s);
/* Calls each for those, the one that waits longest first. */
void stdout_sink_each_waiting(const struct stdout_sink *s, void (*each)(void *arg, void *body_owner), void *arg);
/* The owner of one that has not been freed; NULL: there is none. */
void *stdout_sink_any(const struct stdout_sink *s);

/* NULL: no memory. */
struct stdout_body *stdout_sink_add(struct stdout_sink *s, void *owner);
enum stdout_flow { STDOUT_GO, STDOUT_FULL, STDOUT_FAILED };
/* Copies more of it. STDOUT_FULL: it was taken, but no more should come until resume. STDOUT_FAILED: standard output takes
 * no more, or there is no memory. */
enum stdout_flow stdout_body_write(struct stdout_body *b, const void *data, size_t len);
/* It begins anew. false: that cannot be, as bytes of it have left. */
bool stdout_body_restart(struct stdout_body *b);
/* It is complete: finish follows, perhaps within the call. Not kept: it failed, and nothing of it comes, unless some of it
 * came already. */
void stdout_body_end(struct stdout_body *b, bool kept);
/* Whether stdout_body_end was called. */
bool stdout_body_ended(const struct stdout_body *b);
/* NULL is allowed. */
void stdout_body_free(struct stdout_body *b);

#endif
