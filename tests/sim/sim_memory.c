#include "sim/sim_memory.h"

#include <stdlib.h>
#include <string.h>

#include "sim/rng.h"

enum { TRACED = 1000000 };

static struct {
    struct sim_memory_plan plan;
    struct rng rng;
    uint64_t asked, failed;
    uint64_t failing; /* so many more fail */
    struct site {
        const void *at;
        bool seen, failed;
    } sites[SIM_MEMORY_SITES];
    size_t site_count;
    uint16_t trace[TRACED];
} m;

/* Helpers of a test in other threads are no library at work; they allocate, too. */
static _Thread_local bool library;
static _Atomic int64_t live;

void sim_memory_begin(const struct sim_memory_plan *plan)
{
    m.plan = *plan;
    rng_init(&m.rng, plan->chance_seed);
    m.asked = m.failed = m.failing = 0;
}

void sim_memory_end(void)
{
    m.plan = (struct sim_memory_plan){0};
    m.failing = 0;
}

bool sim_memory_library(bool at_work)
{
    bool was = library;
    library = at_work;
    return was;
}

/* ---- who allocates ---------------------------------------------------------------------------------------------- */

static size_t site_of(const void *at)
{
    size_t i = ((uintptr_t)at >> 2) % SIM_MEMORY_SITES;
    while (m.sites[i].at && m.sites[i].at != at)
        i = (i + 1) % SIM_MEMORY_SITES;
    if (!m.sites[i].at) {
        if (++m.site_count == SIM_MEMORY_SITES)
            abort(); /* there must be an empty one to end the search */
        m.sites[i].at = at;
    }
    return i;
}

size_t sim_memory_site(uint64_t number)
{
    return number <= TRACED ? m.trace[number - 1] : 0;
}

void sim_memory_sites(size_t *seen, size_t *failed)
{
    *seen = *failed = 0;
    for (size_t i = 0; i < SIM_MEMORY_SITES; i++) {
        *seen += m.sites[i].seen;
        *failed += m.sites[i].seen && m.sites[i].failed;
    }
}

/* ---- what fails -------------------------------------------------------------------------------------------------- */

static bool is_chosen(void)
{
    if (m.failing > 0) {
        m.failing--;
        return true;
    }
    if (m.plan.fail_at && m.asked == m.plan.fail_at) {
        m.failing = m.plan.fail_count - 1;
        return true;
    }
    if (!m.plan.chance || rng_below(&m.rng, 10000) >= m.plan.chance)
        return false;
    m.failing = rng_below(&m.rng, m.plan.burst_max);
    return true;
}

static bool fails(const void *at)
{
    if (!library)
        return false;
    size_t site = site_of(at);
    if (m.asked < TRACED)
        m.trace[m.asked] = (uint16_t)site;
    m.asked++;
    m.sites[site].seen |= m.failed == 0;
    if (!is_chosen())
        return false;
    m.failed++;
    m.sites[site].failed = true;
    return true;
}

bool sim_memory_fails(void)
{
    return fails(__builtin_return_address(0));
}

uint64_t sim_memory_asked(void)
{
    return m.asked;
}

uint64_t sim_memory_failed(void)
{
    return m.failed;
}

int64_t sim_memory_live(void)
{
    return live;
}

/* ---- in the place of the C library's ------------------------------------------------------------------------------ */

/* The linker's names. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t max);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);
void __wrap_free(void *p);

static void *counted(void *p)
{
    live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    if (fails(__builtin_return_address(0)))
        return NULL;
    void *grown = __real_realloc(p, size);
    live += !p && grown;
    return grown;
}

char *__wrap_strdup(const char *text)
{
    return fails(__builtin_return_address(0)) ? NULL : counted(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t max)
{
    return fails(__builtin_return_address(0)) ? NULL : counted(__real_strndup(text, max));
}

void __wrap_free(void *p)
{
    live -= p != NULL;
    __real_free(p);
}
