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
    {AFETCH_RESOLVE, "failed look-ups"},
    {AFETCH_CONNECT, "failed connects"},
    {AFETCH_WEIRD_REPLY, "replies that are none"},
    {AFETCH_PARTIAL, "transfers ended early"},
    {AFETCH_STATUS, "statuses of failure"},
    {AFETCH_WRITE, "bodies refused"},
    {AFETCH_MEMORY, "out of memory"},
    {AFETCH_TIMEOUT, "time-outs"},
    {AFETCH_EMPTY, "empty replies"},
    {AFETCH_SEND, "failures to send"},
    {AFETCH_RECV, "failures to receive"},
};

static bool print(uint64_t count, const char *what, const char *text)
{
    printf("%12" PRIu64 " %s: %s\n", count, what, text);
    if (count > 0)
        return true;
    fflush(stdout);
    fprintf(stderr, "never met: %s\n", text);
    return false;
}

bool sim_cover_print(const struct sim_cover *c)
{
    bool all = true;
    for (size_t i = 0; i < METS; i++)
        all = print(c->met[i], "met", texts[i]) && all;
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        all = print(c->results[results[i].code], "results", results[i].text) && all;
    return all;
}
