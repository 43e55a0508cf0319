#include <stddef.h>

struct point {
  double x, y;
};

struct box {
  struct point from, to;
  long id;
};

struct point middle(struct point a, struct point b) {
  return (struct point){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

/* Too big for registers: the result comes by sret, the argument goes byval. */
struct box moved(struct box box, double x, double y) {
  box.from.x += x, box.to.x += x;
  box.from.y += y, box.to.y += y;
  return box;
}

long total(const int *numbers, size_t count) {
  long sum = 0;
  for (size_t i = 0; i < count; i++) sum += numbers[i];
  return sum;
}

signed char narrow(signed char c, unsigned short s, _Bool b) { return c + s + b; }
