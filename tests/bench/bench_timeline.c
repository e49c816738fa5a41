/* Fetches the same URLs by the library's three modes in turn, and prints a line for each transfer: mode, number, and when
 * it had its place, its connection, its TLS, the first byte and the last, in milliseconds since its mode began (0: did
 * not happen). For picture.py.
 *
 * usage: bench_timeline CA_FILE URL... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "afetch.h"

struct run {
    const char *mode;
    uint64_t start_ns;
};

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Times of a result are since the request was handed over; which was at the run's start, but for what that took. */
static double since_start_ms(const struct run *run, const struct afetch_result *result, uint64_t at_ns)
{
    return at_ns ? (double)(now_ns() - run->start_ns - result->done_ns + at_ns) / 1e6 : 0;
}

static void on_done(void *arg, struct afetch_request *r, const struct afetch_result *result)
{
    const struct run *run = arg;
    if (result->code != AFETCH_OK) {
        fprintf(stderr, "%s: %s\n", afetch_request_url(r), result->error);
        exit(1);
    }
    printf("%s\t%llu\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\n", run->mode, (unsigned long long)afetch_request_number(r),
           since_start_ms(run, result, result->queued_ns), since_start_ms(run, result, result->connected_ns),
           since_start_ms(run, result, result->secured_ns), since_start_ms(run, result, result->first_byte_ns),
           since_start_ms(run, result, result->done_ns));
}

static int fetch(const char *name, enum afetch_mode mode, const char *ca, char **urls, int count)
{
    struct afetch_options opt;
    struct afetch_session *session;
    char *error = NULL;
    afetch_options_init(&opt);
    opt.mode = mode;
    opt.tls.ca_file = ca;
    if (afetch_session_new(&session, &opt, &error) != AFETCH_OK) {
        fprintf(stderr, "%s\n", error ? error : "no session");
        free(error);
        return 1;
    }
    struct run run = {.mode = name, .start_ns = now_ns()};
    for (int i = 0; i < count; i++) {
        struct afetch_request *r = afetch_request_new(urls[i], strlen(urls[i]));
        if (!r)
            abort();
        afetch_request_set_callbacks(r, &(struct afetch_callbacks){.done = on_done}, &run);
        afetch_session_add(session, r);
    }
    enum afetch_code code = afetch_session_run(session);
    afetch_session_free(session);
    return code != AFETCH_OK;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: bench_timeline CA_FILE URL...\n", stderr);
        return 2;
    }
    return fetch("sync", AFETCH_SYNC, argv[1], argv + 2, argc - 2) ||
           fetch("threads", AFETCH_THREADS, argv[1], argv + 2, argc - 2) ||
           fetch("async", AFETCH_ASYNC, argv[1], argv + 2, argc - 2);
}
