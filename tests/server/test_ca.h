/* A certificate authority for tests, made when it is needed: P-256 keys, certificates in memory and as PEM files, good
 * ones and all the kinds that must be refused. Used by the demo server, the unit tests and the simulator. */
#ifndef AFETCH_TESTS_TEST_CA_H
#define AFETCH_TESTS_TEST_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* PEM texts, NUL-terminated, allocated. */
struct test_cert {
    char *cert; /* the certificate, its intermediate issuers behind; without the root */
    char *key;
};

struct test_ca;

enum test_flavour {
    TEST_GOOD,
    TEST_EXPIRED,        /* three days ago */
    TEST_NOT_YET,        /* valid in three days */
    TEST_WRONG_NAME,     /* for wrong.example only, whatever names are given */
    TEST_UNKNOWN_ISSUER, /* of an authority that nobody trusts, "CN=Unknown CA" */
    TEST_SELF_SIGNED,
    TEST_NO_SAN, /* the first name is its common name, and that is all */
    TEST_FLAVOURS
};

/* What a certificate says. All zero but the names is a good one. */
struct test_cert_spec {
    const char *const *names; /* NULL-terminated: DNS names, wildcards, addresses (as iPAddress); the first is the CN */
    enum test_flavour flavour;
    int64_t not_before_s; /* seconds from now; both 0: from yesterday on for 90 days, or what the flavour says */
    int64_t not_after_s;
    bool client_only;          /* extended key usage: client authentication, not server's */
    bool name_constraints;     /* for test_ca_sub: has the extension (permitted: example) */
    bool constraints_critical; /* and it is critical */
};

/* An authority whose subject is "CN=NAME". Any thread; a CA is then one thread's at a time. ERR_MEMORY, ERR_TLS. */
int test_ca_new(struct test_ca **out, const char *name, struct error *err);
/* An intermediate one, signed by ca, which must outlive it. spec: dates and constraints, or NULL. */
int test_ca_sub(struct test_ca **out, struct test_ca *ca, const char *name, const struct test_cert_spec *spec,
                struct error *err);
void test_ca_free(struct test_ca *ca);

/* Its certificate, PEM: what a client must trust. Valid as long as ca. */
const char *test_ca_pem(const struct test_ca *ca);

/* A certificate with a key of its own. Freed by test_cert_deinit. */
int test_ca_issue(struct test_ca *ca, const struct test_cert_spec *spec, struct test_cert *out, struct error *err);
void test_cert_deinit(struct test_cert *cert);

/* "good", "expired", "not-yet", "wrong-name", "unknown-issuer", "self-signed", "no-san" */
const char *test_flavour_name(enum test_flavour flavour);

/* Writes dir/NAME.pem (chain) and dir/NAME.key; an authority only dir/NAME.pem. Replaces them. ERR_WRITE. */
int test_cert_write(const struct test_cert *cert, const char *dir, const char *name, struct error *err);
int test_ca_write(const struct test_ca *ca, const char *dir, const char *name, struct error *err);

#endif
