#include "fetch/brake.h"

#include "fetch/request.h"
#include "fetch/session.h"

enum { PART_MIN = 4096, PART_MAX = 64 * 1024 };

int brake_begin(struct afetch_request *r, struct co *hop)
{
    const struct afetch_session *s = r->session;
    struct engine *e = r->worker->engine;
    if (s->speed_limit == 0)
        return 0;
    return speed_new(&r->speed, &e->timers, engine_now_ns(e), s->speed_limit, s->speed_time_ns, hop, &r->err);
}

void brake_release(struct afetch_request *r)
{
    speed_free(r->speed);
    r->speed = NULL;
}

void brake_on_server(struct afetch_request *r, enum speed_pause who)
{
    speed_resume(r->speed, who);
}

void brake_on_us(struct afetch_request *r, enum speed_pause who)
{
    speed_pause(r->speed, who);
}

bool brake_received(struct afetch_request *r, size_t bytes)
{
    speed_count(r->speed, bytes);
    return bytes > 0 && rate_limits(&r->session->receiving);
}

struct co_op *brake_hold(struct rate_wait *w, struct afetch_request *r, enum speed_pause who, size_t bytes)
{
    struct afetch_session *s = r->session;
    struct co_op *op = rate_pass(w, who == SPEED_SENDING ? &s->sending : &s->receiving, r->worker->engine, bytes);
    if (op->status == CO_OP_PENDING)
        brake_on_us(r, who);
    return op;
}

bool brake_sends(const struct afetch_request *r)
{
    return rate_limits(&r->session->sending);
}

/* What is slow must show in time. */
static size_t part_of_speed(const struct speed *s)
{
    double bytes = (double)s->limit * (double)s->slot_ns / 1e9;
    return bytes < PART_MIN ? PART_MIN : bytes > PART_MAX ? PART_MAX : (size_t)bytes;
}

size_t brake_part(const struct afetch_request *r, size_t len)
{
    size_t piece = rate_piece(&r->session->sending);
    if (piece && len > piece)
        len = piece;
    if (r->speed && len > part_of_speed(r->speed))
        len = part_of_speed(r->speed);
    return len;
}

void brake_sent(struct afetch_request *r, size_t bytes)
{
    speed_count(r->speed, bytes);
}
