#include <iostream>
#include <string>
#include <vector>

static std::vector<std::string> words = {"one", "two", "three"};

extern "C" int letters() {
  int count = 0;
  for (const std::string &word : words) count += word.size();
  return count;
}

extern "C" void list() {
  for (const std::string &word : words) std::cout << word << '\n';
}
