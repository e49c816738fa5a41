#include "fetch/conn.h"

struct conn *conn_new(struct stream *stream, const struct addr *peer)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->http1 = http1_new();
    if (!c->http1) {
        free(c);
        return NULL;
    }
    c->stream = stream;
    c->peer = *peer;
    return c;
}

void conn_move(struct conn *c, struct engine *e)
{
    if (c->stream->engine != e)
        stream_move(c->stream, e);
}

void conn_close(struct conn *c)
{
    if (!c)
        return;
    stream_close(c->stream);
    http1_free(c->http1);
    free(c);
}
