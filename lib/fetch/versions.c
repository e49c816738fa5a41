#include "fetch/versions.h"

#include <pthread.h>
#include <stdio.h>

#include "engine/engine.h"
#include "net/names.h"
#include "proto/cookies.h"
#include "proto/decode.h"
#include "proto/http1.h"
#include "proto/tls.h"
#include "proto/url.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char text[300];

static void compose(void)
{
    snprintf(text, sizeof text, "%s %s %s %s %s %s%s%s", engine_library(), http1_library(), tls_library(),
             names_library(), url_library(), decode_library(), *cookies_library() ? " " : "", cookies_library());
}

const char *versions_of_libraries(void)
{
    pthread_once(&once, compose);
    return text;
}
