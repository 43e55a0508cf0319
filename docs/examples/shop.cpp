#include <stdexcept>
#include <string>

namespace shop {

struct SoldOut : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int add(int a, int b) { return a + b; }
double add(double a, double b) { return a + b; }

int take(int there, int wanted) {
    if (wanted > there)
        throw SoldOut(std::to_string(wanted) + " wanted, " + std::to_string(there) + " there");
    return there - wanted;
}

int parse(const char *text) { return std::stoi(text); }

}  // namespace shop
