#include "shapes.h"

int side(struct point *a, struct point *b) {
  int width = b->x - a->x;
  int height = b->y - a->y;
  return width * height;
}
