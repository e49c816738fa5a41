#include "signals.h"
#include "afetch.h"

#include <signal.h>
#include <stddef.h>

static struct afetch_session *volatile the_session;
static volatile sig_atomic_t caught, asked;

static void on_signal(int number)
{
    caught = number;
    if (the_session)
        afetch_session_cancel(the_session);
}

static void on_question(int number)
{
    (void)number;
    asked = 1;
    if (the_session)
        afetch_session_wake(the_session);
}

void signals_begin(void)
{
    struct sigaction question = {.sa_handler = on_question, .sa_flags = SA_RESTART};
    sigemptyset(&question.sa_mask);
    sigaction(SIGUSR1, &question, NULL);
    struct sigaction sa = {.sa_handler = SIG_IGN};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGPIPE, &sa, NULL);
    sigaction(SIGXFSZ, &sa, NULL);
}

/* No SA_RESTART: a write to a reader that does not read must come back. SA_RESETHAND: the second signal kills. */
static void catch_one(int number)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND}, before;
    sigemptyset(&sa.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &sa, NULL);
}

void signals_catch(struct afetch_session *session)
{
    the_session = session;
    if (!session)
        return;
    catch_one(SIGINT);
    catch_one(SIGTERM);
}

bool signals_asked(void)
{
    bool was = asked;
    if (was)
        asked = 0;
    return was;
}

int signals_caught(void)
{
    return caught;
}

const char *signals_name(int number)
{
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}
