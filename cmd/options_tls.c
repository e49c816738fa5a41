#include "options_tls.h"

#include <string.h>
#include <strings.h>

/* As in curl "\:" is a colon of the name, "\\" a backslash, and any other backslash itself. */
const char *options_split_cert(const char *value, char *file, const char **password)
{
    if (strncasecmp(value, "pkcs11:", 7) == 0)
        return "certificates on PKCS#11 devices are not supported; name a file";
    if (!*value || *value == ':')
        return "no file is named";
    for (; *value && *value != ':'; value++) {
        if (*value == '\\' && (value[1] == ':' || value[1] == '\\'))
            value++;
        *file++ = *value;
    }
    *file = '\0';
    *password = *value && value[1] ? value + 1 : NULL;
    return NULL;
}

static bool is(const char *value, const char *word)
{
    return value && strcasecmp(value, word) == 0;
}

const char *options_check_tls(struct options *o)
{
    if (is(o->cert_type, "P12"))
        return "--cert-type P12: mbedTLS cannot read PKCS#12; convert it: openssl pkcs12 -in FILE -out FILE.pem";
    o->tls.cert_is_der = is(o->cert_type, "DER");
    o->tls.key_is_der = is(o->key_type, "DER");
    if (is(o->tls_max, "1.0") || is(o->tls_max, "1.1"))
        return "--tls-max: TLS 1.2 and 1.3 alone are spoken";
    o->tls.max = is(o->tls_max, "1.2") ? AFETCH_TLS_1_2 : AFETCH_TLS_DEFAULT;
    o->tls.min = (enum afetch_tls_version)o->tls_min;
    if (o->tls.min == AFETCH_TLS_1_3 && o->tls.max == AFETCH_TLS_1_2)
        return "--tlsv1.3 and --tls-max 1.2 contradict each other";
    return NULL;
}
