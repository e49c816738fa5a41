/* A password that is asked for on the terminal. Catches signals meanwhile (signals.h). */
#ifndef AFETCH_CMD_PASSWORD_H
#define AFETCH_CMD_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_MAX = 1024, PASSWORD_WHY = 200 };

/* Asks on the terminal, which does not show what is typed, for the password of a user of what ("host", "proxy"): a line,
 * less its end. False with a sentence in why: there is no terminal, it gives none, or a signal came. */
bool password_ask(char out[PASSWORD_MAX], const char *what, const char *user, char why[PASSWORD_WHY]);

#endif
