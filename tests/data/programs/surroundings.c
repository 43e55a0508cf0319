/* What a process gets from its surroundings: arguments, environment, locale, signals, files. */
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;
extern char *program_invocation_short_name;

int main(int count, char **words, char **variables) {
    for (int i = 1; i < count; i++) printf("<%s>", words[i]);
    printf(" %d %d\n", words[count] == NULL, variables == environ);
    const char *slash = strrchr(words[0], '/');
    printf("%s %d\n", slash ? slash + 1 : words[0], !strcmp(program_invocation_short_name, slash ? slash + 1 : words[0]));
    int option;
    while ((option = getopt(count, words, "ab:")) != -1) printf("-%c %s\n", option, optarg ? optarg : "");
    printf("%s %s\n", getenv("JITREPL_TEST"), getenv("LC_CTYPE") ? getenv("LC_CTYPE") : "no LC_CTYPE");
    printf("locale %s\n", setlocale(LC_ALL, NULL));
    int handled = 0, blocked = 0;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;
        sigaction(number, NULL, &action);
        int crash = number == SIGILL || number == SIGTRAP || number == SIGABRT || number == SIGBUS || number == SIGFPE ||
                    number == SIGSEGV; /* which jitrepl tells of */
        handled += !crash && action.sa_handler != SIG_DFL;
        blocked += sigismember(&mask, number) == 1;
    }
    printf("signals %d %d\n", handled, blocked);
    int one = open("/dev/null", O_RDONLY), two = open("/dev/null", O_RDONLY);
    printf("files %d %d\n", one, two);
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    printf("limit %s\n", limit.rlim_cur == RLIM_INFINITY ? "none" : "some");
    char line[100];
    if (fgets(line, sizeof line, stdin)) printf("line %s", line);
    return 0;
}
