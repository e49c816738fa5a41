/* What a session's options say about TLS, and the one configuration that all connections to servers share. Blocking
 * reads of local files. Belongs to a session, whose lock guards it once the session is made. */
#ifndef AFETCH_FETCH_SECURITY_H
#define AFETCH_FETCH_SECURITY_H

#include "afetch.h"
#include "fetch/keylog.h"
#include "proto/tls.h"

struct security {
    struct tls_config *config; /* NULL: not made yet */
    bool ready;                /* and has its trust */
    struct error error;        /* why it could not be made: found out once */
    char *ca_file, *ca_path, *key_log;
    bool insecure;
    enum afetch_tls_version min, max;
    struct keylog keylog;
};

/* Copies what is needed later; reads what opt names but for trust, and looks whether that is there. security_deinit in
 * any case. ERR_MEMORY, ERR_TLS, ERR_TRUST, ERR_CLIENT_CERT, ERR_CIPHER, ERR_CRL, ERR_PIN. */
int security_init(struct security *s, const struct afetch_tls *opt, struct error *err);
void security_deinit(struct security *s);

/* The configuration, with its trust; valid as long as s. 0, or ERR_TRUST, the same for all who ask;
 * ERR_MEMORY, ERR_TLS. */
int security_config(struct security *s, struct tls_config **out, struct error *err);

#endif
