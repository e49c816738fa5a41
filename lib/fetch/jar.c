#include "fetch/jar.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fetch/head.h"
#include "fetch/redirect.h"
#include "fetch/session.h"
#include "proto/cookies.h"

enum {
    HOST_MAX = 256,
    TEXT_MAX = 256 << 20 /* bytes of a cookie file: more than any jar is */
};

int jar_init(struct jar *j, const struct afetch_options *opt, struct error *err)
{
    *j = (struct jar){0};
    int rc = texts_copy_for_head(&j->given, opt->cookie, "cookies", err);
    if (rc < 0)
        return rc;
    bool kept = !opt->cookies || (j->cookies = cookies_new());
    return kept ? 0 : error_set(err, ERR_MEMORY, 0, NULL);
}

void jar_deinit(struct jar *j)
{
    cookies_free(j->cookies);
    free(j->given);
}

/* ---- whose cookies --------------------------------------------------------------------------------------------------- */

static bool stays_at_home(const struct afetch_request *r)
{
    return redirect_crossed(r) && !r->session->location_trusted;
}

/* As in curl, a Host field that was given by hand names the server, as long as it is sent. */
static const char *host_of(const struct afetch_request *r, char room[HOST_MAX])
{
    const char *given = stays_at_home(r) ? NULL : head_own_field(r, "Host");
    if (given)
        given += strspn(given, " \t");
    if (!given || !*given)
        return r->url.host;
    bool v6 = *given == '[';
    given += v6;
    size_t len = strcspn(given, v6 ? "]" : ":");
    if (len >= HOST_MAX)
        return r->url.host;
    for (size_t i = 0; i < len; i++)
        room[i] = (char)(given[i] >= 'A' && given[i] <= 'Z' ? given[i] | 0x20 : given[i]);
    room[len] = '\0';
    return room;
}

static struct cookies_request place_of(const struct afetch_request *r, char room[HOST_MAX])
{
    return (struct cookies_request){.host = host_of(r, room), .target = r->url.target, .tls = r->url.tls};
}

/* ---- receiving ------------------------------------------------------------------------------------------------------- */

static int receive(struct afetch_request *r, const struct cookies_request *place, struct http1_field f)
{
    struct afetch_session *s = r->session;
    const char *why = NULL;
    lock_take(&s->lock);
    int rc = cookies_receive(s->jar.cookies, place, f.value, f.value_len, (int64_t)time(NULL), &why);
    lock_drop(&s->lock);
    if (rc == 0)
        session_trace(s, r, "A cookie is refused: %s", why);
    return rc < 0 ? error_set(&r->err, rc, 0, NULL) : 0;
}

int jar_receive(struct afetch_request *r, const struct http1 *response)
{
    char room[HOST_MAX];
    int rc = 0;
    if (!r->session->jar.cookies || !http1_find(response, "Set-Cookie"))
        return 0;
    struct cookies_request place = place_of(r, room);
    for (size_t i = 0; rc == 0 && i < http1_field_count(response); i++) {
        struct http1_field f = http1_field_at(response, i);
        if (strcasecmp(f.name, "Set-Cookie") == 0)
            rc = receive(r, &place, f);
    }
    return rc;
}

/* ---- sending --------------------------------------------------------------------------------------------------------- */

/* A Cookie field among the headers stands in place of cookies given by hand, not of the jar's, as in curl. */
static const char *given_for(const struct afetch_request *r)
{
    const char *given = r->session->jar.given;
    return given && (stays_at_home(r) || head_own_field(r, "Cookie")) ? NULL : given;
}

/* Adds the jar's: how many there are, or ERR_MEMORY. */
static int add_kept(const struct afetch_request *r, struct buf *out)
{
    char room[HOST_MAX];
    struct afetch_session *s = r->session;
    if (!s->jar.cookies)
        return 0;
    struct cookies_request place = place_of(r, room);
    lock_take(&s->lock);
    int count = cookies_field(s->jar.cookies, &place, (int64_t)time(NULL), out);
    lock_drop(&s->lock);
    return count;
}

int jar_value(struct afetch_request *r, char **value)
{
    const char *given = given_for(r);
    struct buf out;
    *value = NULL;
    buf_init(&out, COOKIES_SENT_BYTES_MAX + (given ? strlen(given) + sizeof "; " : 1));
    int count = add_kept(r, &out), rc = count < 0 ? count : 0;
    if (rc == 0 && given)
        rc = buf_addf(&out, "%s%s", count ? "; " : "", given);
    if (rc == 0 && out.len)
        *value = buf_take(&out);
    buf_deinit(&out);
    return rc < 0 ? error_set(&r->err, rc, 0, NULL) : 0;
}

/* ---- files ----------------------------------------------------------------------------------------------------------- */

enum afetch_code afetch_session_read_cookies(struct afetch_session *s, const char *text, size_t len, bool drop_session)
{
    if (!s->jar.cookies)
        return AFETCH_INTERNAL;
    lock_take(&s->lock);
    int rc = cookies_read(s->jar.cookies, text, len, drop_session, (int64_t)time(NULL));
    lock_drop(&s->lock);
    return rc < 0 ? AFETCH_MEMORY : AFETCH_OK;
}

enum afetch_code afetch_session_write_cookies(struct afetch_session *s, char **text, size_t *len)
{
    struct buf out;
    if (!s->jar.cookies)
        return AFETCH_INTERNAL;
    buf_init(&out, TEXT_MAX);
    lock_take(&s->lock);
    int rc = cookies_write(s->jar.cookies, (int64_t)time(NULL), &out);
    lock_drop(&s->lock);
    if (rc == 0) {
        *len = out.len;
        *text = buf_take(&out);
    }
    buf_deinit(&out);
    return rc < 0 ? AFETCH_MEMORY : AFETCH_OK;
}
