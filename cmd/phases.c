#include "phases.h"

#include <string.h>

const char *const phase_names[PHASES] = {
    [PHASE_QUEUE] = "queue", [PHASE_LOOKUP] = "look-up", [PHASE_CONNECT] = "connect", [PHASE_TLS] = "TLS",
    [PHASE_SEND] = "send",   [PHASE_WAIT] = "wait",      [PHASE_RECEIVE] = "receive"};

struct spans {
    struct phase_span *out;
    size_t count;
    uint64_t at_ns; /* the end of the last */
};

static void add(struct spans *s, enum phase phase, uint64_t end_ns)
{
    if (end_ns <= s->at_ns)
        return;
    s->out[s->count++] = (struct phase_span){phase, s->at_ns, end_ns};
    s->at_ns = end_ns;
}

/* An address needs no look-up. */
static bool has_name(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    size_t len = strcspn(host, ":/?#");
    return *host != '[' && strspn(host, "0123456789.") < len;
}

/* What was under way when the hop ended. */
static enum phase last_phase(const struct afetch_hop *hop)
{
    if (hop->first_byte_ns)
        return PHASE_RECEIVE;
    if (hop->sent_ns)
        return PHASE_WAIT;
    if (hop->conn_id)
        return PHASE_SEND;
    if (hop->connected_ns)
        return PHASE_TLS;
    return hop->resolved_ns || !has_name(hop->url) ? PHASE_CONNECT : PHASE_LOOKUP;
}

size_t phases_of_hop(const struct afetch_hop *hop, uint64_t free_ns, struct phase_span out[HOP_SPANS])
{
    struct spans s = {.out = out, .at_ns = free_ns};
    add(&s, PHASE_QUEUE, hop->begun_ns);
    if (s.at_ns < hop->begun_ns)
        s.at_ns = hop->begun_ns;
    add(&s, PHASE_LOOKUP, hop->resolved_ns);
    add(&s, PHASE_CONNECT, hop->connected_ns);
    add(&s, PHASE_TLS, hop->secured_ns);
    add(&s, PHASE_SEND, hop->sent_ns);
    add(&s, PHASE_WAIT, hop->first_byte_ns);
    enum phase last = last_phase(hop);
    if (s.count && out[s.count - 1].phase == last && hop->done_ns > s.at_ns)
        out[s.count - 1].end_ns = hop->done_ns;
    else
        add(&s, last, hop->done_ns);
    return s.count;
}
