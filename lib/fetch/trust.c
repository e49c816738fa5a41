#include "fetch/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { FILE_MAX = 64 * 1024 * 1024, READ_SIZE = 64 * 1024 };

/* Where Debian, Fedora, SUSE, Alpine, FreeBSD and macOS keep theirs. */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
};

static int read_file(struct buf *out, const char *path, struct error *err)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return error_set(err, ERR_TRUST, errno, "%s", path);
    int rc = 0;
    bool more = true;
    while (more) {
        char *room = buf_room(out, READ_SIZE);
        if (!room) {
            rc = buf_full(out, 64 * 1024) ? error_set(err, ERR_TRUST, 0, "%s is too large", path)
                                          : error_set(err, ERR_MEMORY, 0, "for %s", path);
            break;
        }
        size_t n = fread(room, 1, READ_SIZE, f);
        buf_commit(out, n);
        more = n == READ_SIZE;
    }
    if (rc == 0 && ferror(f))
        rc = error_set(err, ERR_TRUST, errno, "%s", path);
    fclose(f);
    return rc;
}

int trust_check(const char *file, struct error *err)
{
    FILE *f = fopen(file, "rbe");
    if (!f)
        return error_set(err, ERR_TRUST, errno, "%s", file);
    int rc =
        fgetc(f) == EOF ? error_set(err, ERR_TRUST, ferror(f) ? errno : 0, "%s is empty or cannot be read", file) : 0;
    fclose(f);
    return rc;
}

static int load_file(struct tls_config *c, const char *path, struct error *err)
{
    struct buf text;
    buf_init(&text, FILE_MAX);
    int rc = read_file(&text, path, err);
    if (rc == 0)
        rc = tls_config_add_trust(c, text.data ? text.data : "", text.len, path, err);
    buf_deinit(&text);
    return rc;
}

/* All that can be read in a folder; what is no certificate is passed over. */
static int load_dir(struct tls_config *c, const char *path, struct error *err)
{
    DIR *dir = opendir(path);
    if (!dir)
        return error_set(err, ERR_TRUST, errno, "%s", path);
    for (struct dirent *e; (e = readdir(dir));) {
        char file[4096];
        if (e->d_name[0] == '.' || snprintf(file, sizeof file, "%s/%s", path, e->d_name) >= (int)sizeof file)
            continue;
        load_file(c, file, NULL);
    }
    closedir(dir);
    if (tls_config_trust_count(c) == 0)
        return error_set(err, ERR_TRUST, 0, "no certificate in %s", path);
    return 0;
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
    int rc = dir ? load_dir(c, dir, file ? NULL : err) : 0;
    if (file)
        rc = load_file(c, file, err);
    return rc;
}

int trust_load(struct tls_config *c, const char *file, struct error *err)
{
    if (file)
        return load_file(c, file, err);
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
