/* A line of a list as a request: a URL, a URL with TAB-separated fields behind it, or a JSON object. Used by input.c. */
#ifndef AFETCH_CMD_FIELDS_H
#define AFETCH_CMD_FIELDS_H

#include "afetch.h"

enum { FIELDS_WHY = 300 };

/* All texts are NUL-terminated; what is NULL was not given. They lie in the line, or in what is owned here. */
struct fields {
    const char *url;
    const char *method;
    const char *body; /* body_len bytes, which may hold any */
    size_t body_len;
    const char *body_file;
    const char *out;
    const char *sha256;  /* 64 digits, in lower case */
    const char *id;      /* a JSON text */
    uint64_t timeout_ms; /* 0: not given */
    char **headers;      /* "Name: value" each */
    size_t header_count;
    char *storage; /* of a line with TABs */
    char *id_storage;
    char sha256_storage[AFETCH_SHA256_SIZE];
    struct json_in *json; /* of a JSON line */
};

/* Reads a line (NUL-terminated, of len bytes), which stays where it is. false: it is none, and why says so; what was read
 * of it counts all the same, for its report. fields_deinit in any case. */
bool fields_parse(struct fields *f, const char *line, size_t len, char why[FIELDS_WHY]);
void fields_deinit(struct fields *f);

#endif
