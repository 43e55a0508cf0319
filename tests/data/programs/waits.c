/* Says that it is ready, then waits for signals. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whoever reads "ready" may send a signal before a stream has noted that it was written. */
static void caught(int number) { dprintf(1, "caught %d\n", number); }

int main(int count, char **words) {
    signal(SIGUSR1, caught);
    dprintf(1, count > 1 && !strcmp(words[1], "pid") ? "%d\n" : "ready\n", getpid());
    if (count > 1 && !strcmp(words[1], "close")) close(1);
    for (;;) pause();
}
