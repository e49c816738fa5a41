// afetch.h in C++: the types, the callbacks, and calls that link.
#include <afetch.h>

#include <cstdio>
#include <cstring>

static enum afetch_flow on_body(void *arg, struct afetch_request *, const void *, size_t len)
{
    *static_cast<uint64_t *>(arg) += len;
    return AFETCH_GO;
}

static void on_done(void *, struct afetch_request *request, const struct afetch_result *result)
{
    if (result->code == AFETCH_OK)
        std::printf("%llu bytes received from %s\n", static_cast<unsigned long long>(result->bytes),
                    afetch_request_url(request));
}

int main(int argc, char **argv)
{
    afetch_options options;
    afetch_session *session = nullptr;
    uint64_t bytes = 0;
    afetch_options_init(&options);
    if (afetch_session_new(&session, &options, nullptr) != AFETCH_OK)
        return 1;
    for (int i = 1; i < argc; i++) {
        afetch_callbacks callbacks = {};
        callbacks.body = on_body;
        callbacks.done = on_done;
        afetch_request *request = afetch_request_new(argv[i], std::strlen(argv[i]));
        afetch_request_set_callbacks(request, &callbacks, &bytes);
        afetch_session_add(session, request);
    }
    afetch_code code = afetch_session_run(session);
    afetch_session_free(session);
    return code == AFETCH_OK && bytes > 0 ? 0 : 1;
}
