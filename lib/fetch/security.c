#include "fetch/security.h"

#include <stdlib.h>
#include <string.h>

#include "fetch/localfile.h"
#include "fetch/texts.h"
#include "fetch/trust.h"

enum { KEY_FILE_MAX = 1024 * 1024, CRL_FILE_MAX = 64 * 1024 * 1024 };

/* ---- the configuration ------------------------------------------------------------------------------------------------ */

static int minor_of(enum afetch_tls_version version)
{
    return version == AFETCH_TLS_1_2 ? 2 : version == AFETCH_TLS_1_3 ? 3 : 0;
}

/* opt: what is named in it, or NULL; pins: as struct tls_options has them. */
static int make_config(struct security *s, const struct afetch_tls *opt, const char *pins, struct error *err)
{
    struct tls_options tls = {.insecure = s->insecure,
                              .alpn = {"http/1.1", NULL},
                              .min_minor = minor_of(s->min),
                              .max_minor = minor_of(s->max),
                              .pins = pins};
    if (opt) {
        tls.ciphers = opt->ciphers;
        tls.ciphers_1_3 = opt->tls13_ciphers;
        tls.groups = opt->curves;
    }
    if (s->key_log && (s->keylog.open || keylog_open(&s->keylog, s->key_log))) {
        tls.key_log = keylog_write;
        tls.key_log_arg = &s->keylog;
    }
    return tls_config_new(&s->config, &tls, err);
}

static int load_identity(struct security *s, const struct afetch_tls *opt, struct error *err)
{
    if (opt->cert_is_der && !opt->key_file)
        return error_set(err, ERR_CLIENT_CERT, 0, "%.300s is in DER form, which holds no key (--key names its file)",
                         opt->cert_file);
    struct buf cert, key;
    buf_init(&cert, KEY_FILE_MAX);
    buf_init(&key, KEY_FILE_MAX);
    const char *key_file = opt->key_file ? opt->key_file : opt->cert_file;
    int rc = localfile_read(&cert, opt->cert_file, ERR_CLIENT_CERT, err);
    if (rc == 0)
        rc = localfile_read(&key, key_file, ERR_CLIENT_CERT, err);
    if (rc == 0) {
        struct tls_file c = {cert.data, cert.len, opt->cert_file, opt->cert_is_der};
        struct tls_file k = {key.data, key.len, key_file, opt->key_is_der};
        rc = tls_config_set_identity(s->config, &c, &k, opt->key_password, err);
    }
    buf_deinit(&cert);
    buf_deinit(&key);
    return rc;
}

static int load_crl(struct security *s, const char *path, struct error *err)
{
    struct buf list;
    buf_init(&list, CRL_FILE_MAX);
    int rc = localfile_read(&list, path, ERR_CRL, err);
    if (rc == 0)
        rc = tls_config_add_crl(s->config, &(struct tls_file){list.data, list.len, path, false}, err);
    buf_deinit(&list);
    return rc;
}

/* ---- what is named is looked at when the session is made -------------------------------------------------------------- */

static int pin_of_file(char pin[TLS_PIN_MAX], const char *path, struct error *err)
{
    struct buf key;
    buf_init(&key, KEY_FILE_MAX);
    int rc = localfile_read(&key, path, ERR_PIN, err);
    if (rc == 0)
        rc = tls_pin_of_key(pin, key.data, key.len, err);
    buf_deinit(&key);
    return rc;
}

static bool names_anything(const struct afetch_tls *opt)
{
    return opt->cert_file || opt->crl_file || opt->ciphers || opt->tls13_ciphers || opt->curves || opt->pinned_key;
}

static int take_named(struct security *s, const struct afetch_tls *opt, struct error *err)
{
    char pin[TLS_PIN_MAX];
    const char *pins = opt->pinned_key;
    int rc = s->insecure ? 0 : trust_check(s->ca_file, s->ca_path, err);
    if (rc < 0 || !names_anything(opt))
        return rc;
    if (pins && strncmp(pins, "sha256//", 8) != 0) {
        rc = pin_of_file(pin, pins, err);
        pins = pin;
    }
    if (rc == 0)
        rc = make_config(s, opt, pins, err);
    if (rc == 0 && opt->cert_file)
        rc = load_identity(s, opt, err);
    if (rc == 0 && opt->crl_file)
        rc = load_crl(s, opt->crl_file, err);
    return rc;
}

int security_init(struct security *s, const struct afetch_tls *opt, struct error *err)
{
    *s = (struct security){.insecure = opt->insecure, .min = opt->min, .max = opt->max};
    const char *key_log = opt->key_log ? opt->key_log : getenv("SSLKEYLOGFILE");
    if (!texts_copy(&s->ca_file, opt->ca_file) || !texts_copy(&s->ca_path, opt->ca_path) ||
        !texts_copy(&s->key_log, key_log && *key_log ? key_log : NULL))
        return error_set(err, ERR_MEMORY, 0, NULL);
    return take_named(s, opt, err);
}

void security_deinit(struct security *s)
{
    tls_config_free(s->config);
    keylog_close(&s->keylog);
    error_clear(&s->error);
    free(s->ca_file);
    free(s->ca_path);
    free(s->key_log);
}

/* ---- the first https URL needs it --------------------------------------------------------------------------------------- */

static int get_ready(struct security *s, struct error *err)
{
    int rc = s->config ? 0 : make_config(s, NULL, NULL, err);
    if (rc == 0 && !s->insecure)
        rc = trust_load(s->config, s->ca_file, s->ca_path, err);
    return rc;
}

int security_config(struct security *s, struct tls_config **out, struct error *err)
{
    if (!s->ready && !s->error.code)
        s->ready = get_ready(s, &s->error) == 0;
    if (s->ready) {
        *out = s->config;
        return 0;
    }
    int rc = error_copy(err, &s->error);
    if (rc != ERR_TRUST) /* a bad trust store stays one; another lack may be cured when the next asks */
        error_clear(&s->error);
    return rc;
}
