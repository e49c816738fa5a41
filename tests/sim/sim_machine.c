#include "sim/sim_machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include <psa/crypto.h>

#include "sim/rng.h"

static struct {
    const uint64_t *now_ns;
    struct rng entropy;
    bool spoiled;
    uint64_t polls; /* of the process */
} machine;

void sim_machine_clock(const uint64_t *now_ns)
{
    machine.now_ns = now_ns;
}

void sim_machine_reset_tls(uint64_t seed)
{
    mbedtls_psa_crypto_free();
    rng_init(&machine.entropy, seed);
}

void sim_machine_spoil(void)
{
    machine.spoiled = true;
}

/* ---- in the place of the C library's and of mbedTLS's -------------------------------------------------------------- */

time_t __wrap_time(time_t *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_mbedtls_platform_entropy_poll(void *data, unsigned char *output, size_t len, size_t *olen);
ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags);

static uint64_t now_ns(void)
{
    return machine.now_ns ? *machine.now_ns : 0;
}

int64_t sim_machine_wall_s(void)
{
    return SIM_EPOCH_S + (int64_t)(now_ns() / 1000000000u);
}

time_t __wrap_time(time_t *out)
{
    time_t now = (time_t)sim_machine_wall_s();
    if (out)
        *out = now;
    return now;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    out->tv_sec = (time_t)(now_ns() / 1000000000u) + (clock == CLOCK_REALTIME ? SIM_EPOCH_S : 0);
    out->tv_nsec = (long)(now_ns() % 1000000000u);
    return 0;
}

static void fill(unsigned char *out, size_t len)
{
    machine.polls++;
    for (size_t i = 0; i < len; i++)
        out[i] =
            (unsigned char)(rng_next(&machine.entropy) >> 32) ^ (unsigned char)(machine.spoiled ? machine.polls : 0);
}

int __wrap_mbedtls_platform_entropy_poll(void *data, unsigned char *output, size_t len, size_t *olen)
{
    (void)data;
    fill(output, len);
    *olen = len;
    return 0;
}

ssize_t __wrap_getrandom(void *out, size_t len, unsigned flags)
{
    (void)flags;
    fill(out, len);
    return (ssize_t)len;
}
