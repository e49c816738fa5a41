/* Which certificates are trusted: those that were named, or the system's, found and read when the first https URL needs
 * them. Sans-loop; blocking reads of local files, once a session. */
#ifndef AFETCH_FETCH_TRUST_H
#define AFETCH_FETCH_TRUST_H

#include "proto/tls.h"

/* Loads into c the file and the folders (separated by colons). Both NULL: the first that is given of CURL_CA_BUNDLE,
 * SSL_CERT_DIR with SSL_CERT_FILE, the system's. 0, ERR_TRUST or ERR_MEMORY with a sentence in err. */
int trust_load(struct tls_config *c, const char *file, const char *path, struct error *err);
/* Whether what was named can be opened at all. 0 or ERR_TRUST. */
int trust_check(const char *file, const char *path, struct error *err);

#endif
