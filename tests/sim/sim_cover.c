#include "sim/sim_cover.h"

#include <inttypes.h>
#include <stdio.h>

#include "afetch.h"

static const char *const texts[METS] = {
#define SIM_MET_TEXT(name, text) text,
    SIM_MET(SIM_MET_TEXT)
#undef SIM_MET_TEXT
};

/* What a transfer can end with here, but for a cancel, which is the sweep's. */
static const struct {
    enum afetch_code code;
    const char *text;
} results[] = {
    {AFETCH_OK, "successes"},
    {AFETCH_SCHEME, "schemes not allowed"},
    {AFETCH_URL, "redirects to what is no URL"},
    {AFETCH_REDIRECTS, "too many redirects"},
    {AFETCH_RESOLVE, "failed look-ups"},
    {AFETCH_CONNECT, "failed connects"},
    {AFETCH_WEIRD_REPLY, "replies that are none"},
    {AFETCH_PARTIAL, "transfers ended early"},
    {AFETCH_STATUS, "statuses of failure"},
    {AFETCH_WRITE, "bodies refused"},
    {AFETCH_READ, "feeders that failed"},
    {AFETCH_REWIND, "bodies that cannot be sent again"},
    {AFETCH_MEMORY, "out of memory"},
    {AFETCH_TIMEOUT, "time-outs"},
    {AFETCH_EMPTY, "empty replies"},
    {AFETCH_SEND, "failures to send"},
    {AFETCH_RECV, "failures to receive"},
    {AFETCH_TLS, "failed handshakes"},
    {AFETCH_CERT, "certificates not accepted"},
};

static bool print(uint64_t count, const char *what, const char *text, bool must)
{
    printf("%12" PRIu64 " %s: %s\n", count, what, text);
    if (count > 0 || !must)
        return true;
    fflush(stdout);
    fprintf(stderr, "never met: %s\n", text);
    return false;
}

static bool required(bool of_tls, enum sim_must must)
{
    return must == (of_tls ? SIM_MUST_TLS : SIM_MUST_PLAIN);
}

bool sim_cover_print(const struct sim_cover *c, enum sim_must must)
{
    bool all = true;
    for (size_t i = 0; i < METS; i++) {
        bool of_tls = i >= MET_TLS_FULL_1_2 && i <= MET_CERT_NO_SAN;
        all = print(c->met[i], "met", texts[i], required(of_tls, must)) && all;
    }
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        bool of_tls = results[i].code == AFETCH_TLS || results[i].code == AFETCH_CERT;
        all = print(c->results[results[i].code], "results", results[i].text, required(of_tls, must)) && all;
    }
    return all;
}
