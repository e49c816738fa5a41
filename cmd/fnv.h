/* FNV-1a, 64 bits: for tables, and to find out what was torn or mixed up; no forger. Depends on nothing. */
#ifndef AFETCH_CMD_FNV_H
#define AFETCH_CMD_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_BEGIN 0xcbf29ce484222325u

/* The hash of more bytes, behind those that hash is of. */
static inline uint64_t fnv_more(uint64_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    return hash;
}

#endif
