#include "fetch/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/os.h"
#include "fetch/session.h"

struct credentials {
    struct auth auth; /* its strings are in text */
    enum credentials_role role;
    const char *peer; /* in text, too */
    char text[];
};

struct peer {
    struct table_entry entry; /* first */
    struct auth_space space;
    char name[];
};

/* ---- what is known ---------------------------------------------------------------------------------------------------- */

static void forget(struct table *peers, struct table_entry *entry)
{
    struct peer *p = (struct peer *)(void *)entry;
    table_remove(peers, entry);
    auth_space_deinit(&p->space);
    free(p);
}

void credentials_known_deinit(struct credentials_known *k)
{
    for (size_t i = 0; i < sizeof k->peers / sizeof k->peers[0]; i++) {
        struct table_entry *entry;
        while ((entry = table_any(&k->peers[i])))
            forget(&k->peers[i], entry);
        table_deinit(&k->peers[i]);
    }
}

static struct table *peers_of(const struct credentials *c, struct afetch_session *s)
{
    return &s->known.peers[c->role];
}

/* NULL: nothing is known. */
static struct auth_space *find_space(const struct credentials *c, struct afetch_session *s)
{
    struct table_entry *entry = table_find(peers_of(c, s), c->peer);
    return entry ? &((struct peer *)(void *)entry)->space : NULL;
}

/* NULL without memory. */
static struct auth_space *make_space(const struct credentials *c, struct afetch_session *s)
{
    struct table *peers = peers_of(c, s);
    struct auth_space *known = find_space(c, s);
    if (known)
        return known;
    if (peers->count >= CREDENTIALS_PEERS_MAX)
        forget(peers, table_any(peers));
    size_t size = strlen(c->peer) + 1;
    struct peer *p = calloc(1, sizeof *p + size);
    if (!p)
        return NULL;
    memcpy(p->name, c->peer, size);
    p->entry.key = p->name;
    if (table_add(peers, &p->entry) < 0) {
        free(p);
        return NULL;
    }
    return &p->space;
}

/* ---- of one request ----------------------------------------------------------------------------------------------------- */

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *copy(char **to, const char *text)
{
    size_t size = size_of(text);
    if (!text)
        return NULL;
    const char *copied = memcpy(*to, text, size);
    *to += size;
    return copied;
}

int credentials_new(struct credentials **out, enum credentials_role role, const char *peer,
                    const struct credentials_given *given, bool body)
{
    *out = NULL;
    if (!given->user && !given->password && !given->token)
        return 0;
    unsigned schemes = given->schemes;
    if (schemes == AUTH_NONE)
        schemes = given->token ? AUTH_BEARER : AUTH_BASIC;
    size_t size = size_of(peer) + size_of(given->user) + size_of(given->password) + size_of(given->token);
    struct credentials *c = calloc(1, sizeof *c + size);
    if (!c)
        return ERR_MEMORY;
    char *text = c->text;
    c->role = role;
    c->peer = copy(&text, peer);
    const char *user = copy(&text, given->user), *password = copy(&text, given->password);
    auth_init(&c->auth, schemes, user, password, copy(&text, given->token), body);
    *out = c;
    return 0;
}

void credentials_free(struct credentials *c)
{
    free(c);
}

int credentials_value(struct credentials *c, struct afetch_session *s, const char *method, const char *uri,
                      char **value, struct error *err)
{
    struct auth_space nothing = {0};
    *value = NULL;
    if (!c)
        return 0;
    lock_take(&s->lock);
    struct auth_space *space = find_space(c, s);
    int rc = auth_value(&c->auth, space ? space : &nothing, method, uri, value, err);
    lock_drop(&s->lock);
    return rc < 0 ? error_set(err, rc, 0, NULL) : 0;
}

static int add_offers(struct auth_offer *offer, const char *name, const struct http1 *response)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < http1_field_count(response); i++) {
        struct http1_field f = http1_field_at(response, i);
        if (strcasecmp(f.name, name) == 0)
            rc = auth_offer_add(offer, f.value);
    }
    return rc;
}

static int answer(struct credentials *c, struct afetch_session *s, struct auth_offer *offer)
{
    unsigned char random[AUTH_RANDOM];
    if (os_random(random, sizeof random) < 0)
        return ERR_INTERNAL;
    lock_take(&s->lock);
    struct auth_space *space = make_space(c, s);
    int rc = ERR_MEMORY;
    if (space)
        rc = auth_challenged(&c->auth, space, offer, random) == AUTH_AGAIN;
    lock_drop(&s->lock);
    return rc;
}

int credentials_challenged(struct credentials *c, struct afetch_session *s, const struct http1 *response)
{
    static const struct {
        int status;
        const char *field;
    } asks[] = {[CREDENTIALS_SERVER] = {401, "WWW-Authenticate"}, [CREDENTIALS_PROXY] = {407, "Proxy-Authenticate"}};
    struct auth_offer offer = {0};
    if (!c || http1_status(response) != asks[c->role].status)
        return 0;
    int rc = add_offers(&offer, asks[c->role].field, response);
    if (rc == 0)
        rc = answer(c, s, &offer);
    auth_offer_deinit(&offer);
    return rc;
}

bool credentials_await_challenge(const struct credentials *c, struct afetch_session *s)
{
    struct auth_space nothing = {0};
    if (!c)
        return false;
    lock_take(&s->lock);
    struct auth_space *space = find_space(c, s);
    bool awaits = auth_awaits_challenge(&c->auth, space ? space : &nothing);
    lock_drop(&s->lock);
    return awaits;
}

void credentials_unchallenged(struct credentials *c)
{
    if (c)
        auth_unchallenged(&c->auth);
}
