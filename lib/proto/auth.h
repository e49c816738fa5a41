/* What a request says of who asks (RFC 9110 section 11). Sans-IO; includes base/ alone. Any thread. */
#ifndef AFETCH_PROTO_AUTH_H
#define AFETCH_PROTO_AUTH_H

/* The value of an Authorization field by the Basic scheme (RFC 7617), "Basic dXNlcjpwYXNz", allocated: the caller's.
 * user, password: decoded; NULL counts as empty. NULL without memory. */
char *auth_basic(const char *user, const char *password);

#endif
