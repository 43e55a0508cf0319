#include <stdio.h>

/* Read two numbers, print their sum, and ask whether to go on. */
int main(void) {
  int a, b, rounds = 0;
  char answer = 'n';
  do {
    printf("a: ");
    if (scanf("%d", &a) != 1) return -1;
    printf("b: ");
    if (scanf("%d", &b) != 1) return -1;
    printf("%d\nAgain? ", a + b);
    rounds++;
  } while (scanf(" %c%*[^\n]", &answer) == 1 && answer == 'y');
  return rounds;
}
