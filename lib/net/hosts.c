#include "net/hosts.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    NAME_MAX_LEN = 255,
    ADDR_MAX_LEN = INET6_ADDRSTRLEN + IF_NAMESIZE, /* with a zone */
    READ_SIZE = 16 * 1024,
};

struct host {
    struct table_entry entry;
    struct host *next;
    struct addr *addrs;
    size_t count, size;
    char name[];
};

/* ---- what is known of a name --------------------------------------------------------------------------------------- */

static struct host *add_host(struct hosts *h, const char *name, size_t len)
{
    struct host *host = calloc(1, sizeof *host + len + 1);
    if (!host)
        return NULL;
    memcpy(host->name, name, len);
    host->entry.key = host->name;
    if (table_add(&h->names, &host->entry) < 0) {
        free(host);
        return NULL;
    }
    host->next = h->all;
    h->all = host;
    return host;
}

static int add_addr(struct host *host, const struct addr *a)
{
    for (size_t i = 0; i < host->count; i++)
        if (addr_equal(&host->addrs[i], a))
            return 0;
    if (host->count == HOSTS_ADDRS_MAX)
        return 0;
    if (host->count == host->size) {
        size_t size = host->size ? host->size * 2 : 1;
        struct addr *addrs = realloc(host->addrs, size * sizeof *addrs);
        if (!addrs)
            return ERR_MEMORY;
        host->addrs = addrs;
        host->size = size;
    }
    host->addrs[host->count++] = *a;
    return 0;
}

static int add(struct hosts *h, const char *name, size_t len, const struct addr *a)
{
    char lower[NAME_MAX_LEN + 1];
    if (len > 1 && name[len - 1] == '.')
        len--;
    if (len > NAME_MAX_LEN || memchr(name, '\0', len))
        return 0;
    for (size_t i = 0; i < len; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + ('a' - 'A')) : name[i];
    lower[len] = '\0';
    struct host *host = (struct host *)(void *)table_find(&h->names, lower);
    if (!host && !(host = add_host(h, lower, len)))
        return ERR_MEMORY;
    return add_addr(host, a);
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* The next word from *at on; its length, 0 at the end of the line. */
static size_t next_word(const char **at, const char *end, const char **word)
{
    while (*at < end && is_space(**at))
        ++*at;
    *word = *at;
    while (*at < end && !is_space(**at))
        ++*at;
    return (size_t)(*at - *word);
}

/* An address, for IPv6 perhaps with a zone behind a "%". */
static bool parse_addr(struct addr *a, const char *word, size_t len)
{
    char text[ADDR_MAX_LEN + 1];
    if (len > ADDR_MAX_LEN)
        return false;
    memcpy(text, word, len);
    text[len] = '\0';
    char *zone = strchr(text, '%');
    if (zone)
        *zone++ = '\0';
    return addr_parse(a, text, zone, 0);
}

static int parse_line(struct hosts *h, const char *line, size_t len)
{
    const char *comment = memchr(line, '#', len);
    const char *end = comment ? comment : line + len;
    const char *word;
    struct addr a;
    len = next_word(&line, end, &word);
    if (len == 0 || !parse_addr(&a, word, len))
        return 0;
    while ((len = next_word(&line, end, &word)) > 0)
        if (add(h, word, len, &a) < 0)
            return ERR_MEMORY;
    return 0;
}

int hosts_parse(struct hosts *h, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *eol = memchr(text, '\n', (size_t)(end - text));
        if (!eol)
            eol = end;
        if (parse_line(h, text, (size_t)(eol - text)) < 0)
            return ERR_MEMORY;
        text = eol < end ? eol + 1 : end;
    }
    return 0;
}

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

static int read_file(FILE *file, struct buf *text)
{
    bool more = true;
    while (more && !buf_full(text, READ_SIZE)) {
        char *room = buf_room(text, READ_SIZE);
        if (!room)
            return ERR_MEMORY;
        size_t n = fread(room, 1, READ_SIZE, file);
        buf_commit(text, n);
        more = n == READ_SIZE;
    }
    /* A name that the maximum cut off would be another name. */
    while (more && text->len > 0 && text->data[text->len - 1] != '\n')
        text->len--;
    return 0;
}

int hosts_load(struct hosts *h, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    struct buf text;
    buf_init(&text, HOSTS_BYTES_MAX);
    int rc = read_file(file, &text);
    if (rc == 0 && text.len > 0)
        rc = hosts_parse(h, text.data, text.len);
    buf_deinit(&text);
    fclose(file);
    return rc;
}

void hosts_deinit(struct hosts *h)
{
    while (h->all) {
        struct host *host = h->all;
        h->all = host->next;
        free(host->addrs);
        free(host);
    }
    table_deinit(&h->names);
}

bool hosts_find(const struct hosts *h, const char *name, int family, struct addr *out, size_t max, size_t *count)
{
    const struct host *host = (const struct host *)(const void *)table_find(&h->names, name);
    if (!host)
        return false;
    *count = 0;
    for (size_t i = 0; i < host->count && *count < max; i++)
        if (addr_family(&host->addrs[i]) == family)
            out[(*count)++] = host->addrs[i];
    return true;
}
