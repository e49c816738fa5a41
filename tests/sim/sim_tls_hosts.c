/* Certificates and serving configurations of the simulated hosts. */
#include <stdio.h>
#include <string.h>

#include "server/test_ca.h"
#include "server/tls_server.h"
#include "sim/sim_machine.h"
#include "sim/sim_tls.h"

enum { CERT_MAX = 8192, KEY_MAX = 512, CA_SEED = 1 };

/* Made once a process, always with the same randomness at the same moment. */
static struct {
    bool made;
    FILE *ca; /* a file without a name */
    char ca_path[40];
    char cert[TEST_FLAVOURS][CERT_MAX], key[TEST_FLAVOURS][KEY_MAX];
} trust;

static void check(struct sim *s, int rc, struct error *err)
{
    if (rc < 0)
        sim_fail(s, "the simulated servers have no TLS: %s", error_text(err));
}

static void keep(struct sim *s, char *to, size_t size, const char *text)
{
    if (snprintf(to, size, "%s", text) >= (int)size)
        sim_fail(s, "a certificate or key of the test's is too long");
}

static void make_ca_file(struct sim *s, const struct test_ca *ca)
{
    const char *pem = test_ca_pem(ca);
    trust.ca = tmpfile();
    if (!trust.ca || fputs(pem, trust.ca) < 0 || fflush(trust.ca) != 0)
        sim_fail(s, "no file for the test's authority");
    snprintf(trust.ca_path, sizeof trust.ca_path, "/dev/fd/%d", fileno(trust.ca));
}

/* One for each flavour, good for all hosts. */
static void make_certificates(struct sim *s)
{
    static const char *const names[] = {
        "h0.example", "h1.example", "h2.example", "h3.example", "10.1.0.1",  "10.1.1.1", "10.1.2.1",
        "10.1.3.1",   "fd00::1",    "fd00::1:1",  "fd00::2:1",  "fd00::3:1", NULL,
    };
    struct error err = {0};
    struct test_ca *ca = NULL;
    sim_machine_clock(NULL);
    sim_machine_reset_tls(CA_SEED);
    check(s, test_ca_new(&ca, "Simulated CA", &err), &err);
    for (int i = 0; i < TEST_FLAVOURS; i++) {
        struct test_cert cert = {0};
        struct test_cert_spec spec = {.names = names, .flavour = (enum test_flavour)i};
        check(s, test_ca_issue(ca, &spec, &cert, &err), &err);
        keep(s, trust.cert[i], CERT_MAX, cert.cert);
        keep(s, trust.key[i], KEY_MAX, cert.key);
        test_cert_deinit(&cert);
    }
    make_ca_file(s, ca);
    test_ca_free(ca);
    trust.made = true;
}

void sim_tls_begin(struct sim_world *w)
{
    if (!w->tls)
        return;
    if (!trust.made)
        make_certificates(&w->sim);
    rewind(trust.ca);
    if (w->plant == PLANT_RANDOM)
        sim_machine_spoil();
    sim_machine_reset_tls(w->sim.seed);
}

void sim_tls_end(struct sim_world *w)
{
    for (size_t i = 0; i < w->host_count; i++)
        tls_config_free(w->hosts[i].tls_config);
    if (w->tls)
        sim_machine_reset_tls(0);
}

const char *sim_tls_ca_file(struct sim *s)
{
    if (!trust.made)
        make_certificates(s);
    return trust.ca_path;
}

struct tls_config *sim_tls_config(struct sim_world *w, struct sim_host *h)
{
    struct error err = {0};
    struct tls_server_options opt = {.cert = trust.cert[h->flavour],
                                     .key = trust.key[h->flavour],
                                     .tickets = h->tickets,
                                     .min_minor = h->tls_minor,
                                     .max_minor = h->tls_minor,
                                     .alpn = {h->alpn ? "http/1.1" : NULL}};
    if (!h->tls_config)
        check(&w->sim, tls_server_config_new(&h->tls_config, &opt, &err), &err);
    return h->tls_config;
}
