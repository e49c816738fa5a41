#include "sim/sim_crash.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#endif

/* ---- crashes ------------------------------------------------------------------------------------------------------ */

static char line[200];

static void tell(void)
{
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        return; /* nobody is left to be told */
}

static void on_signal(int number)
{
    (void)number;
    tell();
    _exit(1);
}

void sim_crash_tells(uint64_t seed, const char *options)
{
    bool first = !line[0];
    snprintf(line, sizeof line,
             "seed 0x%" PRIx64 " failed: it crashed; replay with: afetch-sim --seed 0x%" PRIx64 "%s\n", seed, seed,
             options);
    if (!first)
        return;
    signal(SIGABRT, on_signal);
#ifdef WITH_ASAN
    __sanitizer_set_death_callback(tell);
#else
    signal(SIGSEGV, on_signal);
    signal(SIGBUS, on_signal);
#endif
}

/* ---- leaks -------------------------------------------------------------------------------------------------------- */

#ifdef WITH_ASAN
/* Where mbedTLS itself leaves memory behind when it lacks some: mbedtls_ssl_tls13_compute_handshake_transform frees a
 * transform that was set up in part, but not what that holds. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:gcm_ctx_alloc\nleak:aes_ctx_alloc\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

bool sim_sanitizer_finds_leak(void)
{
    return __lsan_do_recoverable_leak_check() != 0;
}
#else
bool sim_sanitizer_finds_leak(void)
{
    return false;
}
#endif
