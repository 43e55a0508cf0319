/* A program of two modules: what linkers do between them. */
#include <pthread.h>
#include <stdio.h>

extern __thread int shared_local;
__thread int own_local = 1;
__attribute__((weak)) int weak_here(void) { return 1; }
__attribute__((weak)) __thread int weak_local = 3;
int common_number[2] __attribute__((common));
static int internal = 10;
static int hidden_function(void) { return internal; }
__attribute__((visibility("hidden"))) int hidden(void);
extern int only_weak __attribute__((weak));
int other(void);
int larger(void);

__attribute__((constructor(200))) static void a200(void) { puts("a200"); }
__attribute__((constructor)) static void a(void) { puts("a"); }
__attribute__((destructor(200))) static void a_end(void) { puts("a end"); }

static void *run(void *unused) {
    shared_local += 100;
    printf("thread %d %d %d\n", shared_local, own_local, other());
    return NULL;
}

int main(void) {
    pthread_t thread;
    shared_local++;
    own_local++;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    printf("%d %d %d %d\n", shared_local, other(), weak_here(), hidden_function() + hidden());
    printf("%d %d %d\n", weak_local, &only_weak == NULL, larger());
    return common_number[0];
}
