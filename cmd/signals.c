#include "signals.h"
#include "afetch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* Atomic, and lock-free so that a handler may touch them: other threads look as well. */
static struct afetch_session *_Atomic the_session;
static atomic_int caught, asked;
static sigset_t mask_before; /* signals_hold */

static void on_signal(int number)
{
    caught = number;
    struct afetch_session *session = the_session;
    if (session)
        afetch_session_cancel(session);
}

static void on_question(int number)
{
    (void)number;
    asked = 1;
    struct afetch_session *session = the_session;
    if (session)
        afetch_session_wake(session);
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

void signals_hold(void)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    sigprocmask(SIG_BLOCK, &both, &mask_before);
    catch_one(SIGINT);
    catch_one(SIGTERM);
}

bool signals_wait(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (!caught) {
        int n = ppoll(&p, 1, NULL, &mask_before);
        if (n > 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return !caught;
    }
    return false;
}

void signals_release(void)
{
    sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void signals_leave(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signals_release();
}

bool signals_asked(void)
{
    return atomic_exchange(&asked, 0) != 0;
}

int signals_caught(void)
{
    return caught;
}

const char *signals_name(int number)
{
    return number == SIGINT ? "SIGINT" : "SIGTERM";
}
