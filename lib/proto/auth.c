#include "proto/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/base64.h>

static const char scheme[] = "Basic ";

static char *encode(const unsigned char *data, size_t len)
{
    size_t size = (len + 2) / 3 * 4 + 1, used;
    char *text = malloc(sizeof scheme - 1 + size);
    if (!text)
        return NULL;
    memcpy(text, scheme, sizeof scheme);
    if (mbedtls_base64_encode((unsigned char *)text + sizeof scheme - 1, size, &used, data, len) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *auth_basic(const char *user, const char *password)
{
    user = user ? user : "";
    password = password ? password : "";
    size_t size = strlen(user) + strlen(password) + sizeof ":";
    char *pair = malloc(size);
    if (!pair)
        return NULL;
    snprintf(pair, size, "%s:%s", user, password);
    char *value = encode((const unsigned char *)pair, size - 1);
    free(pair);
    return value;
}
