#include "url_edit.h"

#include <string.h>

/* Where a URL's path begins, and where its query and its fragment do or would. */
struct places {
    size_t path, query, fragment;
};

static size_t find(const char *url, size_t from, size_t len, const char *any)
{
    while (from < len && !strchr(any, url[from]))
        from++;
    return from;
}

static struct places places_of(const char *url, size_t len)
{
    size_t authority = 0;
    for (size_t i = 0; i + 3 <= len && !strchr("/?#", url[i]); i++)
        if (memcmp(url + i, "://", 3) == 0)
            authority = i + 3;
    struct places at = {.path = find(url, authority, len, "/?#")};
    at.query = find(url, at.path, len, "?#");
    at.fragment = find(url, at.query, len, "#");
    return at;
}

bool url_add_query(struct bytes *out, const char *url, size_t len, const char *query)
{
    struct places at = places_of(url, len);
    size_t has = at.fragment - at.query; /* with its "?" */
    const char *join = has == 0 ? "?" : has == 1 || url[at.fragment - 1] == '&' ? "" : "&";
    return bytes_add(out, url, at.fragment) && bytes_add(out, join, strlen(join)) &&
           bytes_add(out, query, strlen(query)) && bytes_add(out, url + at.fragment, len - at.fragment);
}

static const char *name_of(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/' || *path == '\\')
            name = path + 1;
    return name;
}

bool url_add_name(struct bytes *out, const char *url, size_t len, const char *path)
{
    struct places at = places_of(url, len);
    bool wants = at.fragment == at.query && (at.query == at.path || url[at.query - 1] == '/');
    const char *name = wants ? name_of(path) : "";
    const char *slash = wants && at.query == at.path ? "/" : "";
    return bytes_add(out, url, at.query) && bytes_add(out, slash, strlen(slash)) &&
           bytes_add_encoded(out, name, strlen(name), false) && bytes_add(out, url + at.query, len - at.query);
}
