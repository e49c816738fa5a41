/* Names that the library has inside. A program may use them for its own functions, and neither gets the other's. */
#include <stdlib.h>

#define MINE(name)                                                                                                     \
    void name(void);                                                                                                   \
    void name(void)                                                                                                    \
    {                                                                                                                  \
        abort();                                                                                                       \
    }

MINE(mbedtls_ssl_init)
MINE(mbedtls_ssl_handshake)
MINE(mbedtls_x509_crt_verify)
MINE(psa_crypto_init)
MINE(llhttp_init)
MINE(llhttp_execute)
MINE(buf_add)
MINE(co_cancel)
MINE(engine_new_uv)
MINE(http1_feed)
MINE(url_parse)
