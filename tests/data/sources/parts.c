#include <stdio.h>

extern int scaled(int);

int base = 5;
static int ready;

__attribute__((constructor)) static void get_ready(void) { ready = 1; }
__attribute__((destructor)) static void put_away(void) { puts("put away"); }

int is_ready(void) { return ready; }

int total(int n) { return base + scaled(n); }

int first_of(int *numbers) {
  return numbers[0];
}
