__thread int counter = 7;

int count(void) { return counter++; }
