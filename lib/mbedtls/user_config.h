/* How afetch builds mbedTLS: read after its default configuration, by MBEDTLS_USER_CONFIG_FILE. It changes the layout
 * of structs: every file that includes mbedTLS's headers must see it (a definition of the CMake target afetch_mbedtls).
 * Not to be named like mbedTLS's own mbedtls/mbedtls_config.h: with lib/ in the include path it would be read instead. */
#ifndef MBEDTLS_SSL_TLS_C
#error "mbedTLS's default configuration was not read before this one"
#endif

/* A connection that waits: a third less memory than with 16 KiB. Incoming records may be full-sized. */
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096

/* Without both, threads race in the PSA key store and in every RSA public operation on a shared certificate. */
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD

/* X25519 three times as fast: ECDH of TLS 1.2, and the shared secret of TLS 1.3. */
#define MBEDTLS_ECDH_VARIANT_EVEREST_ENABLED

/* No debug output, self-tests, DTLS, files of passwords, or key exchanges nobody has used for years. */
#undef MBEDTLS_DEBUG_C
#undef MBEDTLS_SELF_TEST
#undef MBEDTLS_SSL_PROTO_DTLS
#undef MBEDTLS_SSL_DTLS_ANTI_REPLAY
#undef MBEDTLS_SSL_DTLS_HELLO_VERIFY
#undef MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE
#undef MBEDTLS_SSL_DTLS_CONNECTION_ID
#undef MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT
#undef MBEDTLS_SSL_COOKIE_C
#undef MBEDTLS_SSL_RENEGOTIATION
#undef MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_DHE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_RSA_PSK_ENABLED
#undef MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED
