/* Processes, pipes, threads, signals, setjmp. */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static __thread int local = 5;
static __thread char room[1000];
_Thread_local long numbers[3] = {1, 2, 3};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int total, begun;
static sigjmp_buf place;

static void begin(void) { begun++; }
static void ended(void *unused) { pthread_mutex_lock(&mutex); total += 100; pthread_mutex_unlock(&mutex); }
static void cleaned(void *unused) { puts("cleaned"); }
static void caught(int number) { siglongjmp(place, number); }
static void prepare(void) { puts("prepare"); }
static void parent(void) { puts("parent"); }
static void child(void) { puts("child"); }

static void *add(void *argument) {
    pthread_once(&once, begin);
    pthread_setspecific(key, argument);
    local += (long)argument;
    numbers[1] *= local;
    room[999] = 1;
    pthread_mutex_lock(&mutex);
    total += local + numbers[1];
    pthread_mutex_unlock(&mutex);
    return (void *)(long)local;
}

static void *wait_forever(void *unused) {
    pthread_cleanup_push(cleaned, NULL);
    for (;;) pause();
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t threads[8];
    pthread_key_create(&key, ended);
    for (long i = 0; i < 8; i++) pthread_create(&threads[i], NULL, add, (void *)(i + 1));
    long sum = 0;
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    printf("%ld %d %d %ld %d %d\n", sum, total, local, numbers[1], room[999], begun);

    pthread_create(threads, NULL, wait_forever, NULL);
    pthread_cancel(threads[0]);
    void *result;
    pthread_join(threads[0], &result);
    printf("canceled %d\n", result == PTHREAD_CANCELED);

    signal(SIGSEGV, caught);
    for (volatile int i = 0; i < 2; i++) {
        int number = sigsetjmp(place, 1);
        if (!number) *(volatile int *)0 = 1;
        printf("caught %d\n", number);
    }

    pthread_atfork(prepare, parent, child);
    int ends[2], status;
    if (pipe(ends)) return 1;
    fflush(stdout);
    if (!fork()) {
        if (write(ends[1], "hello", 6) != 6) _exit(1);
        exit(7);
    }
    char text[10];
    if (read(ends[0], text, 6) != 6) return 1;
    wait(&status);
    printf("%s %d\n", text, WEXITSTATUS(status));
    fflush(stdout);
    if (!fork()) abort();
    wait(&status);
    printf("signal %d\n", WTERMSIG(status));
    fflush(stdout);
    if (!fork()) return 9;
    wait(&status);
    printf("%d %d\n", WEXITSTATUS(status), wait(&status));
    FILE *stream = popen("echo popen", "r");
    if (fgets(text, sizeof text, stream)) printf("%s", text);
    printf("%d\n", pclose(stream));
    return 3;
}
