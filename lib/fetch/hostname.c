#include <string.h>

#include "afetch.h"
#include "proto/url.h"

enum afetch_code afetch_url_host(const char *url, size_t len, const char *default_scheme, char host[AFETCH_HOST_SIZE])
{
    struct url parsed;
    int rc = url_parse(&parsed, url, len, default_scheme ? default_scheme : "http", 0, NULL);
    if (rc < 0)
        return (enum afetch_code)error_exit_code(rc);
    size_t size = strlen(parsed.host) + 1;
    bool fits = size <= AFETCH_HOST_SIZE;
    if (fits)
        memcpy(host, parsed.host, size);
    url_deinit(&parsed);
    return fits ? AFETCH_OK : AFETCH_URL;
}
