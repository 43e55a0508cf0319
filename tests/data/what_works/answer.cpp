#include <vector>
extern "C" int answer() { return std::vector<int>{40, 2}.front() + 2; }
