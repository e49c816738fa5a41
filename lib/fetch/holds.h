/* Origins that asked to be left alone for a while (Retry-After, RFC 9110 section 10.2.3): every transfer to them waits.
 * Bounded; under the session's lock. */
#ifndef AFETCH_FETCH_HOLDS_H
#define AFETCH_FETCH_HOLDS_H

#include "base/table.h"

#define HOLDS_MAX 4096 /* origins; a further one is not held back */

struct holds {
    struct table table;
};

/* Nobody is to go to origin before until_ns; a later time that was asked for stays. */
void holds_add(struct holds *h, const char *origin, uint64_t until_ns, uint64_t now_ns);
/* Until when; 0: it is not held back. */
uint64_t holds_until(struct holds *h, const char *origin, uint64_t now_ns);
void holds_deinit(struct holds *h);

#endif
