/* Fetches the URLs of the command line all at once, and prints how many bytes each has. */
#include <afetch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_done(void *arg, struct afetch_request *request, const struct afetch_result *result)
{
    int *missing = arg;
    if (result->code == AFETCH_OK) {
        printf("%llu bytes received from %s\n", (unsigned long long)result->bytes, afetch_request_url(request));
        --*missing;
    } else {
        fprintf(stderr, "%s: %s\n", afetch_request_url(request), result->error);
    }
}

int main(int argc, char **argv)
{
    struct afetch_session *session;
    char *error = NULL;
    if (afetch_session_new(&session, NULL, &error) != AFETCH_OK) {
        fprintf(stderr, "no session: %s\n", error ? error : "out of memory");
        free(error);
        return 1;
    }
    int missing = argc - 1;
    for (int i = 1; i < argc; i++) {
        struct afetch_request *request = afetch_request_new(argv[i], strlen(argv[i]));
        if (!request)
            break; /* out of memory */
        afetch_request_set_callbacks(request, &(struct afetch_callbacks){.done = on_done}, &missing);
        afetch_session_add(session, request); /* frees it after on_done */
    }
    enum afetch_code code = afetch_session_run(session);
    afetch_session_free(session);
    return code == AFETCH_OK && missing == 0 ? 0 : 1;
}
