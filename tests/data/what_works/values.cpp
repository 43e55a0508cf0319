// What `:call` shows of C++'s values: a row of docs/what-works.md for each function.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// `std::string`
std::string text() { return "a line\n"; }

/// `std::vector`
std::vector<int> numbers() { return {2, 2, 3}; }

/// `std::map`
std::map<std::string, int> ages() { return {{"b", 2}, {"a", 1}}; }

/// `std::optional`
std::optional<std::string> found() { return "text"; }

/// `std::pair`
std::pair<int, double> both() { return {1, 2.5}; }

/// `std::unique_ptr`
std::unique_ptr<int> owned() { return std::make_unique<int>(5); }

namespace geo {
enum class Color { Red, Green = 5 };
struct Point { int x, y; };
struct Base { int id = 1; virtual ~Base() = default; };
struct Derived : Base { Point at{2, 3}; Color color = Color::Green; };
}
/// `enum class`
geo::Color color() { return geo::Color::Green; }

/// a class with a base
geo::Derived derived() { return {}; }

/// a reference
const std::vector<geo::Point> &points() { static std::vector<geo::Point> all{{1, 2}, {3, 4}}; return all; }
