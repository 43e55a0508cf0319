int thrice(int n) {
  int unused;
  return 3 * n;
}
