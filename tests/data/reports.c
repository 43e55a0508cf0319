// Ways to die whose reports tests/worker/test_crash.py reads. A comment that is one word names its line.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct node {
  struct node *next;
  int value;
} node;

static inline int value_of(const node *n) {
  return n->value; // value_of
}
int sum(const node *n) {
  int total = 0;
  for (int i = 0; i < 3; i++) {
    total += value_of(n); // sum
    n = n->next;
  }
  return total;
}
__attribute__((noinline)) int twice(const node *n) {
  return 2 * sum(n); // twice
}
__attribute__((noinline)) int outer(void) {
  node one = {0, 1};
  return 1 + twice(&one); // outer
}

static int compare(const void *a, const void *b) {
  (void)b;
  return *(volatile int *)0 + *(const int *)a; // compare
}
int in_qsort(void) {
  int numbers[3] = {3, 1, 2};
  qsort(numbers, 3, sizeof(int), compare); // in_qsort
  return numbers[0];
}
int in_strlen(const char *text) {
  return 1 + (int)strlen(text); // in_strlen
}
int in_printf(void) {
  return 1 + printf("%s\n", (char *)16); // in_printf
}
void in_abort(void) {
  abort(); // in_abort
}
static void *run(void *unused) {
  (void)unused;
  *(volatile int *)24 = 1; // run
  return 0;
}
static int in_a_thread(void *(*function)(void *)) {
  pthread_t thread;
  pthread_create(&thread, 0, function, 0);
  pthread_join(thread, 0);
  return 1;
}
int in_thread(void) { return 1 + in_a_thread(run); }
int deep(volatile int n) {
  return n < 0 ? 0 : 1 + deep(n + 1) + n; // deep
}
int (*volatile nowhere)(void) = 0;
int jumps(void) {
  return 1 + nowhere(); // jumps
}
volatile int forever = 1;
void loops(void) {
  puts("round");
  while (forever)
    ; // loops
}
static void *deep_in_a_thread(void *unused) {
  (void)unused;
  deep(0);
  return 0;
}
int deep_in_thread(void) { return 1 + in_a_thread(deep_in_a_thread); }

__attribute__((noinline)) int hungry(int n) {
  volatile char big[1 << 20];
  big[n] = 1;
  return n < 0 ? 0 : 1 + hungry(n + 1) + big[5];
}
static void *hungry_in_a_thread(void *unused) {
  hungry(0);
  return unused;
}
int hungry_in_thread(void) { return 1 + in_a_thread(hungry_in_a_thread); }
__attribute__((noinline)) int huge(int n) {
  volatile char big[1 << 30];
  big[n] = 1;
  return big[5];
}
static void *huge_in_a_thread(void *unused) {
  huge(0);
  return unused;
}
int huge_in_thread(void) { return 1 + in_a_thread(huge_in_a_thread); }

static volatile int ready = 0;
static void *waits(void *blocked) {
  if (blocked) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, 0);
  }
  pthread_setname_np(pthread_self(), "sleeper");
  __sync_fetch_and_add(&ready, 1);
  for (;;)
    pause(); // waits
}
int among_threads(void) {
  pthread_t thread;
  pthread_create(&thread, 0, waits, 0);
  pthread_create(&thread, 0, waits, 0);
  pthread_create(&thread, 0, waits, &thread);
  while (ready < 3)
    ;
  return 1 + in_a_thread(run); // among_threads
}
