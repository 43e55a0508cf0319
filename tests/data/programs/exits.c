/* Every way out of a program. The first argument says which. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void late(void) { puts("late"); }
static void first(void) { puts("first"); atexit(late); }
static void second(void) { puts("second"); }
static void quickly(void) { puts("quickly"); fflush(stdout); }
static void status(int number, void *text) { printf("%s %d\n", (char *)text, number); }

__attribute__((constructor(102))) static void start102(void) { puts("start102"); }
__attribute__((constructor(101))) static void start101(int count, char **words, char **variables) {
    printf("start101 %d %d\n", count, words[count] == NULL && variables != NULL);
}
__attribute__((destructor(101))) static void end101(void) { puts("end101"); }
__attribute__((destructor(102))) static void end102(void) { puts("end102"); }
__attribute__((destructor)) static void end(void) { puts("end"); }

static void *exits(void *unused) { exit(33); }
static void *last(void *unused) { usleep(20000); puts("last thread"); return NULL; }
static void *forever(void *unused) { for (;;) pause(); }

int main(int count, char **words) {
    const char *way = count > 1 ? words[1] : "return";
    pthread_t thread;
    atexit(first);
    atexit(second);
    at_quick_exit(quickly);
    on_exit(status, "status");
    fflush(stdout);
    printf("main; ");
    if (!strcmp(way, "exit")) exit(17);
    if (!strcmp(way, "_exit")) _exit(4);
    if (!strcmp(way, "quick")) quick_exit(5);
    if (!strcmp(way, "abort")) abort();
    if (!strcmp(way, "fault")) *(volatile int *)8 = 1;
    if (!strcmp(way, "term")) raise(SIGTERM);
    if (!strcmp(way, "thread")) pthread_create(&thread, NULL, exits, NULL), pthread_join(thread, NULL);
    if (!strcmp(way, "leave")) pthread_create(&thread, NULL, last, NULL), pthread_exit(NULL);
    if (!strcmp(way, "detached")) pthread_create(&thread, NULL, forever, NULL), pthread_detach(thread);
    return 300;
}
