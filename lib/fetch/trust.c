#include "fetch/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fetch/localfile.h"

enum { FILE_MAX = 64 * 1024 * 1024 };

/* Where Debian, Fedora, SUSE, Alpine, FreeBSD and macOS keep theirs. */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
};

static int load_file(struct tls_config *c, const char *path, struct error *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    int rc = localfile_read(&text, path, ERR_TRUST, err);
    if (rc == 0)
        rc = tls_config_add_trust(c, text.data, text.len, path, err);
    buf_deinit(&text);
    return rc;
}

/* ---- folders ------------------------------------------------------------------------------------------------------- */

/* "1a2b3c4d.0": a link that c_rehash or "openssl rehash" made, after a hash of the subject. */
static bool is_hashed(const char *name)
{
    size_t hash = strspn(name, "0123456789abcdef");
    const char *number = name + hash + 1;
    return hash == 8 && name[8] == '.' && *number && number[strspn(number, "0123456789")] == '\0';
}

static bool wanted(const char *name, bool hashed)
{
    return name[0] != '.' && (!hashed || is_hashed(name));
}

/* What can be read of the hashed names, or of all; what is no certificate is passed over. Says how many files it saw. */
static size_t load_names(struct tls_config *c, DIR *dir, const char *path, bool hashed)
{
    size_t seen = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char file[4096];
        if (!wanted(e->d_name, hashed) || snprintf(file, sizeof file, "%s/%s", path, e->d_name) >= (int)sizeof file)
            continue;
        load_file(c, file, NULL);
        seen++;
    }
    return seen;
}

/* A folder with hashed names holds each certificate by another name too, and perhaps all of them in a bundle: reading
 * the hashed names alone, as OpenSSL does, reads each once. */
static int load_folder(struct tls_config *c, const char *path, struct error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return error_set(err, ERR_TRUST, errno, "%.300s", path);
    if (load_names(c, dir, path, true) == 0) {
        rewinddir(dir);
        load_names(c, dir, path, false);
    }
    closedir(dir);
    return 0;
}

static int check_folder(struct tls_config *c, const char *path, struct error *err)
{
    (void)c;
    DIR *dir = opendir(path);
    if (!dir)
        return error_set(err, ERR_TRUST, errno, "%.300s", path);
    closedir(dir);
    return 0;
}

/* Calls what for each folder of a list with colons; the first failure ends it. */
static int each_folder(struct tls_config *c, const char *list,
                       int (*what)(struct tls_config *c, const char *path, struct error *err), struct error *err)
{
    int rc = 0;
    for (size_t len; rc == 0 && *list; list += len + (list[len] == ':')) {
        len = strcspn(list, ":");
        if (len == 0)
            continue;
        char *path = strndup(list, len);
        rc = path ? what(c, path, err) : error_set(err, ERR_MEMORY, 0, NULL);
        free(path);
    }
    return rc;
}

/* ---- where they are named --------------------------------------------------------------------------------------------- */

int trust_check(const char *file, const char *path, struct error *err)
{
    int rc = file ? localfile_check(file, ERR_TRUST, err) : 0;
    return rc == 0 && path ? each_folder(NULL, path, check_folder, err) : rc;
}

static int load_both(struct tls_config *c, const char *file, const char *path, struct error *err)
{
    int rc = path ? each_folder(c, path, load_folder, err) : 0;
    if (rc == 0 && file)
        rc = load_file(c, file, err);
    if (rc == 0 && tls_config_trust_count(c) == 0)
        rc = error_set(err, ERR_TRUST, 0, "no certificate in %.300s", path);
    return rc;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int load_environment(struct tls_config *c, bool *found, struct error *err)
{
    const char *bundle = environment("CURL_CA_BUNDLE");
    const char *dir = environment("SSL_CERT_DIR");
    const char *file = environment("SSL_CERT_FILE");
    *found = bundle || dir || file;
    if (bundle)
        return load_file(c, bundle, err);
    if (!dir || !file)
        return dir || file ? load_both(c, file, dir, err) : 0;
    /* Many have the folder set that lack it. */
    each_folder(c, dir, load_folder, NULL);
    return load_file(c, file, err);
}

int trust_load(struct tls_config *c, const char *file, const char *path, struct error *err)
{
    if (file || path)
        return load_both(c, file, path, err);
    bool found;
    int rc = load_environment(c, &found, err);
    if (found)
        return rc;
    for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++) {
        FILE *f = fopen(bundles[i], "rbe");
        if (!f)
            continue;
        fclose(f);
        return load_file(c, bundles[i], err);
    }
    return error_set(err, ERR_TRUST, 0, "the system has none that is known of (name one with --cacert)");
}
