// Everything that code may do to the process it runs in. Each function is called once, by tests/test_faults.py, which
// then looks whether the session is as it was before: `getg`, `heap` and the files of the process are the probes.
#define _GNU_SOURCE
#pragma clang optimize off // undefined behaviour is to happen as it is written
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int g = 0;
static int *heap_cell = 0;
int setg(int value) {
  if (!heap_cell)
    heap_cell = malloc(sizeof *heap_cell);
  *heap_cell = value + 1;
  return g = value;
}
int getg(void) { return g; }
int heap(void) { return heap_cell ? *heap_cell : -1; }

// Memory
void fault_null_write(void) { *(volatile int *)0 = 1; }
int fault_null_read(void) { return *(volatile int *)8; }
void fault_wild_write(void) { *(volatile long *)0x123456789000 = 1; }
void fault_noncanonical(void) { *(volatile long *)0xdead000000000000 = 1; }
void fault_write_constant(void) { *(volatile char *)"constant" = 1; }
void fault_jump_to_null(void) { ((void (*)(void))0)(); }
void fault_jump_to_data(void) { ((void (*)(void))&g)(); }
int fault_stack_overflow(int n) {
  volatile char frame[4096];
  frame[n % 4096] = 1;
  return fault_stack_overflow(n + 1) + frame[0];
}
void fault_stack_smash(void) {
  volatile char frame[8];
  for (int i = 0; i < 4096; i++)
    frame[i] = 0x41;
}
void fault_heap_overflow(void) {
  char *block = malloc(16);
  memset(block, 0x41, 4096);
  free(malloc(24));
  free(block);
  abort();
}
void fault_double_free(void) {
  void *block = malloc(16);
  free(block);
  free(block);
}
void fault_free_wild(void) { free((void *)0x1234); }
void fault_zero_the_state(void) {
  g = 0;
  *heap_cell = 0;
  abort();
}
void fault_unmap_everything(void) { munmap((void *)0x1000, 0x7ffffffff000 - 0x1000); }
int fault_allocate_for_ever(void) {
  struct rlimit limit = {1ul << 30, 1ul << 30};
  setrlimit(RLIMIT_AS, &limit);
  for (;;) {
    char *block = malloc(1 << 24);
    memset(block, 1, 1 << 24);
  }
}

// Instructions
void fault_trap(void) { __builtin_trap(); }
void fault_int3(void) { __asm__ volatile("int3"); }
void fault_privileged(void) { __asm__ volatile("hlt"); }
int fault_divide_by_zero(volatile int zero) { return 1 / zero; }
void fault_unaligned(void) {
  char room[64];
  __asm__ volatile("movaps %%xmm0, (%0)" ::"r"(((long)room | 15) - 14 + 16) : "memory");
}

// Ends
void fault_abort(void) { abort(); }
void fault_exit(void) { exit(3); }
void fault_exit_0(void) { exit(0); }
void fault_quick_exit(void) { _exit(4); }
void fault_kill(void) { kill(getpid(), SIGKILL); }
void fault_interrupt(void) { raise(SIGINT); }
void fault_stop(void) { raise(SIGSTOP); }
void fault_terminate(void) { raise(SIGTERM); }
void fault_hang_up(void) { raise(SIGHUP); }
void fault_alarm(void) {
  alarm(1);
  pause();
}
void fault_pthread_exit(void) { pthread_exit(0); }
void fault_longjmp(void) {
  jmp_buf nowhere;
  memset(nowhere, 0, sizeof nowhere);
  longjmp(nowhere, 1);
}

// Threads
static void *crash(void *unused) {
  (void)unused;
  *(volatile int *)0 = 1;
  return 0;
}
static void *overflow(void *unused) {
  (void)unused;
  return (void *)(long)fault_stack_overflow(0);
}
void fault_thread(void) {
  pthread_t thread;
  pthread_create(&thread, 0, crash, 0);
  pthread_join(thread, 0);
}
void fault_thread_overflow(void) {
  pthread_t thread;
  pthread_create(&thread, 0, overflow, 0);
  pthread_join(thread, 0);
}

// What a call leaves behind: these return, and must not harm what comes after
int leave_closed_files(void) {
  for (int descriptor = 0; descriptor < 1024; descriptor++)
    close(descriptor);
  return 1;
}
int leave_reused_files(void) {
  int null = open("/dev/null", O_RDWR);
  for (int descriptor = 0; descriptor < 64; descriptor++)
    if (descriptor != null)
      dup2(null, descriptor);
  return 1;
}
int leave_closed_output(void) { return close(0) + close(1) + close(2); }
int leave_signals_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  return sigprocmask(SIG_BLOCK, &all, 0);
}
int leave_signals_ignored(void) {
  for (int number = 1; number < 32; number++)
    signal(number, SIG_IGN);
  return 0;
}
int leave_fork(void) { return fork() >= 0; }
int leave_fork_crash(void) {
  if (!fork())
    abort();
  return wait(0) > 0;
}
int leave_wait_for_all(void) {
  int count = 0;
  while (wait(0) > 0)
    count++;
  return count;
}
int leave_session(void) { return setsid() != 0; }
int leave_daemon(void) {
  if (fork())
    return 1;
  setsid();
  sleep(2);
  _exit(0);
}
static void *crash_later(void *unused) {
  usleep(20000);
  return crash(unused);
}
int leave_thread_that_crashes(void) {
  pthread_t thread;
  pthread_create(&thread, 0, crash_later, 0);
  return pthread_detach(thread);
}
int leave_directory(void) { return chdir("/"); }
int leave_small_limit(void) {
  struct rlimit limit = {0, 0};
  return setrlimit(RLIMIT_CORE, &limit);
}
