#include "afetch.h"

#include <stdio.h>

#include "base/error.h"
#include "fetch/versions.h"

const char *afetch_version(void)
{
    return AFETCH_VERSION;
}

const char *afetch_libraries(void)
{
    return versions_of_libraries();
}

const char *afetch_code_text(enum afetch_code code)
{
#define CODE_TEXT(internal, exit, text)                                                                                \
    if ((int)code == (exit))                                                                                           \
        return text;
    ERROR_TABLE(CODE_TEXT)
#undef CODE_TEXT
    return code == AFETCH_OK ? "success" : "unknown error";
}
