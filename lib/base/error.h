/* Errors: a code, an errno and a sentence with its particulars, made where the failure is known.
 * Every sentence begins with the text of one table, by code; the particulars follow it. Functions that can fail
 * return 0 or more for success and one of these negative codes for failure. Depends on nothing; used everywhere. */
#ifndef AFETCH_BASE_ERROR_H
#define AFETCH_BASE_ERROR_H

#include <stddef.h>

/* code, curl's exit code, the sentence without its particulars */
#define ERROR_TABLE(X)                                                                                                 \
    X(ERR_MEMORY, 27, "out of memory")                                                                                 \
    X(ERR_CANCELED, 42, "canceled")                                                                                    \
    X(ERR_TIMEOUT, 28, "timed out")                                                                                    \
    X(ERR_SCHEME, 1, "unsupported scheme")                                                                             \
    X(ERR_URL, 3, "malformed URL")                                                                                     \
    X(ERR_PROXY_RESOLVE, 5, "could not resolve proxy")                                                                 \
    X(ERR_RESOLVE, 6, "could not resolve host")                                                                        \
    X(ERR_CONNECT, 7, "could not connect")                                                                             \
    X(ERR_TUNNEL, 7, "CONNECT tunnel failed")                                                                          \
    X(ERR_REPLY, 8, "weird server reply")                                                                              \
    X(ERR_PARTIAL, 18, "transfer ended early")                                                                         \
    X(ERR_STATUS, 22, "the server answered with an error")                                                             \
    X(ERR_WRITE, 23, "could not write")                                                                                \
    X(ERR_UPLOAD, 25, "could not upload")                                                                              \
    X(ERR_READ, 26, "could not read")                                                                                  \
    X(ERR_CHECKSUM, 32, "checksum differs")                                                                            \
    X(ERR_RANGE, 33, "range not delivered")                                                                            \
    X(ERR_TLS, 35, "TLS handshake failed")                                                                             \
    X(ERR_REDIRECTS, 47, "too many redirects")                                                                         \
    X(ERR_EMPTY, 52, "empty reply from server")                                                                        \
    X(ERR_SEND, 55, "could not send")                                                                                  \
    X(ERR_RECV, 56, "could not receive")                                                                               \
    X(ERR_CLIENT_CERT, 58, "client certificate not usable")                                                            \
    X(ERR_CIPHER, 59, "no such cipher suite or curve")                                                                 \
    X(ERR_CERT, 60, "certificate not accepted")                                                                        \
    X(ERR_ENCODING, 61, "bad content encoding")                                                                        \
    X(ERR_FILESIZE, 63, "file too large")                                                                              \
    X(ERR_REWIND, 65, "could not send the body again")                                                                 \
    X(ERR_LOGIN, 67, "login denied")                                                                                   \
    X(ERR_TRUST, 77, "could not load the trust store")                                                                 \
    X(ERR_CRL, 82, "could not load the revocation lists")                                                              \
    X(ERR_PIN, 90, "public key is none of the pinned ones")                                                            \
    X(ERR_PROXY, 97, "proxy handshake failed")                                                                         \
    X(ERR_INTERNAL, 2, "internal error")                                                                               \
    X(ERR_USAGE, 2, "invalid argument")

enum error_code {
    ERR_NONE = 0,
    ERR_FIRST_ = -1000,
#define ERROR_ENUM(code, exit, text) code,
    ERROR_TABLE(ERROR_ENUM)
#undef ERROR_ENUM
        ERR_LAST_
};

/* The particulars of one failure; all zero is "no error". Owned by whoever embeds it, released by error_clear. */
struct error {
    int code;   /* one of enum error_code */
    int sys;    /* errno, or 0 */
    char *text; /* the whole sentence, allocated; NULL: the table's sentence alone holds */
};

/* Sets the error unless one is set already (the first failure is the one to tell) and returns code.
 * sys: an errno whose text is appended in brackets, or 0. fmt: the particulars, printf style, or NULL for none.
 * err may be NULL: only the code is returned then. Out of memory, the sentence falls back to the table's. */
int error_set(struct error *err, int code, int sys, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Makes err what from is, unless one is set already; returns from's code. */
int error_copy(struct error *err, const struct error *from);

/* Adds to the sentence of an error that is set; without memory it stays as it is. */
void error_append(struct error *err, const char *text);

/* Frees the sentence and makes err empty again. */
void error_clear(struct error *err);

/* The whole sentence; valid until the error is changed or cleared. */
const char *error_text(const struct error *err);

/* The table's sentence of a code, without particulars; "success" for 0 and more. */
const char *error_name(int code);

/* curl's exit code of a code; 0 for 0 and more. */
int error_exit_code(int code);

#endif
