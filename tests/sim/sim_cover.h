/* How often what a seed can do to the client was really done: a simulator that never meets a fault tests nothing. */
#ifndef TESTS_SIM_COVER_H
#define TESTS_SIM_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counted where the client meets it, not where it was planned. name, what it is */
#define SIM_MET(X)                                                                                                     \
    X(REFUSED, "connects refused")                                                                                     \
    X(NO_ROUTE, "connects without a route")                                                                            \
    X(BLACK_HOLE, "connects into a black hole, given up")                                                              \
    X(BLACK_HOLE_END, "connects into a black hole, ended by the kernel")                                               \
    X(NAME_FAILS, "look-ups that fail")                                                                                \
    X(NAME_NONE, "look-ups without an address")                                                                        \
    X(NAME_SLOW, "look-ups answered after 3 s and more")                                                               \
    X(ONE_BYTE, "segments of one byte")                                                                                \
    X(PART_READ, "reads that give a part of what is there")                                                            \
    X(PART_WRITE, "writes that take a part at first")                                                                  \
    X(WRITE_GIVEN_UP, "writes given up half-way")                                                                      \
    X(READ_ERROR, "reads that fail")                                                                                   \
    X(WRITE_ERROR, "writes that fail")                                                                                 \
    X(RESET_LOSS, "resets that lose bytes which had arrived")                                                          \
    X(IDLE_END, "ends and resets of idle connections, told to the client")                                             \
    X(IDLE_END_MISSED, "requests on a connection that had ended")                                                      \
    X(REUSE_REFUSED, "requests on a used connection answered with an end or a reset")                                  \
    X(UNASKED, "bytes that nobody asked for")                                                                          \
    X(TRIED_AGAIN, "requests sent again after a used connection failed")                                               \
    X(DEFECT_CUT, "responses cut")                                                                                     \
    X(DEFECT_RESET, "responses reset")                                                                                 \
    X(DEFECT_EMPTY, "empty responses")                                                                                 \
    X(DEFECT_STALL, "responses that stall")                                                                            \
    X(DEFECT_GARBAGE, "responses that are no HTTP")                                                                    \
    X(DEFECT_BAD_CHUNK, "responses with a bad chunk")                                                                  \
    X(DEFECT_TWO_LENGTHS, "responses with two lengths")                                                                \
    X(DEFECT_SWITCH, "responses that switch protocols")                                                                \
    X(DEFECT_LONG_HEAD, "responses whose head is too long")                                                            \
    X(PAUSED, "pauses of a body")                                                                                      \
    X(ABORTED, "bodies refused by the client")                                                                         \
    X(LEAP, "leaps of the clock")                                                                                      \
    X(LEAP_TIMER, "leaps of the clock over a time that was waited for")                                                \
    X(LEAP_BYTES, "leaps of the clock behind which what had arrived was seen before the timers")                       \
    X(REDIRECT, "redirects followed")                                                                                  \
    X(REDIRECT_ORIGIN, "redirects to another origin")                                                                  \
    X(REDIRECT_SECRETS, "requests at another origin, with credentials left behind")                                    \
    X(REDIRECT_METHOD, "redirects that make a GET of another method")                                                  \
    X(REDIRECT_BROKEN, "redirects followed whose response broke")                                                      \
    X(REDIRECT_DROPPED, "redirects followed whose body was too long to read past")                                     \
    X(REDIRECT_LIMIT, "redirects over the limit")                                                                      \
    X(REDIRECT_BAD_URL, "redirects to what is no URL")                                                                 \
    X(REDIRECT_BAD_SCHEME, "redirects to a scheme that is not allowed")                                                \
    X(RETRY_STATUS, "retries after a status")                                                                          \
    X(RETRY_CONNECT, "retries without a connection")                                                                   \
    X(RETRY_TIMEOUT, "retries after a time-out")                                                                       \
    X(RETRY_BROKEN, "retries after a broken transfer")                                                                 \
    X(RETRY_AFTER_SECONDS, "retries when the server says so in seconds")                                               \
    X(RETRY_AFTER_DATE, "retries when the server says so by a date")                                                   \
    X(RETRY_HELD, "requests that waited until their origin wanted them")                                               \
    X(RETRY_SPENT, "failures whose tries are used up")                                                                 \
    X(RETRY_TIME_UP, "failures for whose next try there is no time")                                                   \
    X(RETRY_CROWD, "moments when eight and more wait for their next try")                                              \
    X(RETRY_GOES_ON, "retries that go on where the body broke")                                                        \
    X(RANGE_AGAIN, "parts that are of no use")                                                                         \
    X(RANGE_WHOLE, "bodies that turned out to be whole")                                                               \
    X(RESTART, "bodies taken back before a retry")                                                                     \
    X(RESTART_CHANGED, "bodies taken back as they had changed")                                                        \
    X(RESTART_PAUSED, "bodies taken back while they are paused")                                                       \
    X(RESTART_REFUSED, "bodies not taken back")                                                                        \
    X(CANCELED_QUEUED, "requests canceled before they began")                                                          \
    X(CANCELED_PLACING, "requests canceled in line for a place")                                                       \
    X(CANCELED_WAITING, "requests canceled while they wait to try again, or for their origin")                         \
    X(CANCELED_UNDER_WAY, "requests canceled on their way")                                                            \
    X(CANCELED_PAUSED, "requests canceled in a pause")                                                                 \
    X(CANCELED_WITHIN, "requests canceled in a callback of their own")                                                 \
    X(UPLOADED, "bodies that a server has got")                                                                        \
    X(FEED_LATER, "pauses of a feeder")                                                                                \
    X(FEED_FAILS, "feeders that fail")                                                                                 \
    X(CONTINUE, "servers that say 100 to who expects it")                                                              \
    X(EXPECT_SILENT, "servers that do not")                                                                            \
    X(UNEXPECTED, "requests sent again without Expect")                                                                \
    X(EARLY, "answers before the end of a body")                                                                       \
    X(UPLOAD_RESET, "connections reset within a body")                                                                 \
    X(TUNNEL_CONNECT, "tunnels by CONNECT")                                                                            \
    X(TUNNEL_SOCKS, "tunnels by SOCKS")                                                                                \
    X(TUNNEL_FAILS, "tunnels that fail")                                                                               \
    X(LOGGED_IN, "requests with the Digest that was asked for")                                                        \
    X(LOGIN_AGAIN, "requests that were asked who they are of, and say so")                                             \
    X(LOGIN_STALE, "requests whose nonce was old, and that come again")                                                \
    X(LOGIN_REFUSED, "requests that nobody lets in")                                                                   \
    X(MEMORY, "allocations that failed")                                                                               \
    X(TLS_FULL_1_2, "full handshakes of TLS 1.2")                                                                      \
    X(TLS_FULL_1_3, "full handshakes of TLS 1.3")                                                                      \
    X(TLS_RESUMED_1_2, "resumed handshakes of TLS 1.2")                                                                \
    X(TLS_RESUMED_1_3, "resumed handshakes of TLS 1.3")                                                                \
    X(TLS_ONE_BYTE, "segments of one byte of ciphertext")                                                              \
    X(TLS_TICKET_WITH_RESPONSE, "tickets in one segment with a response")                                              \
    X(TLS_HELLO_CUT, "handshakes cut")                                                                                 \
    X(TLS_HELLO_RESET, "handshakes reset")                                                                             \
    X(TLS_HELLO_GARBAGE, "handshakes with garbage or an alert")                                                        \
    X(TLS_HELLO_FLIP, "handshakes with a wrong bit")                                                                   \
    X(TLS_HELLO_STALL, "handshakes that stall")                                                                        \
    X(TLS_RESPONSE_CUT, "responses over TLS cut within a record")                                                      \
    X(TLS_RESPONSE_RESET, "responses over TLS reset within a record")                                                  \
    X(TLS_RESPONSE_GARBAGE, "responses over TLS with garbage")                                                         \
    X(TLS_RESPONSE_FLIP, "responses over TLS with a wrong bit")                                                        \
    X(TLS_RESPONSE_ALERT, "responses over TLS ended by an alert")                                                      \
    X(TLS_NO_NOTIFY, "bodies that end with the connection, without close_notify")                                      \
    X(TLS_INSECURE, "bad certificates taken where that was asked for")                                                 \
    X(TLS_REDIRECT, "redirects from http to https")                                                                    \
    X(TLS_DOWNGRADE, "redirects from https to a scheme that is not allowed")                                           \
    X(CERT_EXPIRED, "certificates that have expired")                                                                  \
    X(CERT_NOT_YET, "certificates that are not valid yet")                                                             \
    X(CERT_WRONG_NAME, "certificates for another name")                                                                \
    X(CERT_UNKNOWN_ISSUER, "certificates of an unknown issuer")                                                        \
    X(CERT_SELF_SIGNED, "self-signed certificates")                                                                    \
    X(CERT_NO_SAN, "certificates without a subject alternative name")                                                  \
    X(RATE_HELD, "moments with bytes held back by a limit of rate")                                                    \
    X(PACED, "moments with transfers that may not begin yet")                                                          \
    X(TOO_SLOW, "transfers given up as too slow")                                                                      \
    X(DEADLINE, "transfers ended by the run's deadline")                                                               \
    X(FULL, "moments at the limit of transfers with others waiting")                                                   \
    X(HOST_FULL, "moments at the limit of a host")                                                                     \
    X(IDLE_FULL, "moments at the limit of idle connections")

enum sim_met {
#define SIM_MET_NAME(name, text) MET_##name,
    SIM_MET(SIM_MET_NAME)
#undef SIM_MET_NAME
        METS
};

#define SIM_CODES 128 /* more than any of enum afetch_code */

/* Of all runs of a program. */
struct sim_cover {
    uint64_t met[METS];
    uint64_t results[SIM_CODES];
};

enum sim_must { SIM_MUST_NOTHING, SIM_MUST_PLAIN, SIM_MUST_TLS };

/* A line for each, on standard output. False, having said so on standard error, if something was never met that must be:
 * what is of TLS, or all else. */
bool sim_cover_print(const struct sim_cover *c, enum sim_must must);

#endif
