#include "password.h"
#include "signals.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* No echo, but for the line's end. */
static bool set_quiet(int fd, struct termios *before)
{
    if (tcgetattr(fd, before) < 0)
        return false;
    struct termios quiet = *before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ICANON | ECHONL;
    return tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
}

static void write_prompt(int fd, const char *what, const char *user)
{
    struct text prompt = {0};
    text_addf(&prompt, "Enter %s password for user '", what);
    text_add_shown(&prompt, user, strlen(user), TEXT_CUT);
    text_adds(&prompt, "': ");
    ssize_t n = prompt.failed ? 0 : write(fd, prompt.data, prompt.len);
    (void)n; /* it is asked all the same */
    text_deinit(&prompt);
}

/* A line, without its end and what does not fit. A signal, or the terminal's end, is none. */
static bool read_line(int fd, char out[PASSWORD_MAX])
{
    size_t len = 0;
    char c = 0;
    while (c != '\n' && signals_wait(fd)) {
        ssize_t n = read(fd, &c, 1);
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            break;
        if (n == 1 && c != '\n' && len + 1 < PASSWORD_MAX)
            out[len++] = c;
    }
    out[len] = '\0';
    errno = 0;
    return c == '\n' && !signals_caught();
}

bool password_ask(char out[PASSWORD_MAX], const char *what, const char *user, char why[PASSWORD_WHY])
{
    struct termios before;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    signals_hold(); /* none may leave the terminal without an echo */
    if (fd < 0 || !set_quiet(fd, &before)) {
        snprintf(why, PASSWORD_WHY, "there is no terminal to ask for the password on: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        signals_release();
        return false;
    }
    write_prompt(fd, what, user);
    bool got = read_line(fd, out);
    int sys = errno;
    tcsetattr(fd, TCSAFLUSH, &before);
    close(fd);
    signals_release();
    if (!got)
        snprintf(why, PASSWORD_WHY, "no password was typed%s%s", sys ? ": " : "", sys ? strerror(sys) : "");
    return got;
}
