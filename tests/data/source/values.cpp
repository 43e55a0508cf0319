// A function for each kind of value of C++ (tests/worker/test_sourcecalls.py).
#include <array>
#include <complex>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace geo {
struct Point { int x, y; };
enum class Color : unsigned char { Red, Green = 5 };
template <typename T> struct Box { T inside; };
}
enum Plain { A, B = 7 };
struct Base { int id = 1; virtual ~Base() {} };
struct Derived : Base { double weight = 2; };
struct Both : geo::Point { bool flag; };
struct Tag {};

static int alive = 0;
struct Counted {
    int number;
    Counted(int n) : number(n) { alive++; }
    Counted(const Counted &other) : number(other.number) { alive++; }
    ~Counted() { alive--; }
    int plus(int n) const { return number + n; }
    static Counted make(int n);
};
Counted Counted::make(int n) { return Counted(n); }

struct Large { // its result is larger than the buffer that results share
    Counted last;
    char bytes[8192];
    Large(int n) : last(n), bytes{} { bytes[8191] = 'z'; }
};

extern "C" {
Large large(int n) { return Large(n); }
int of_large() { Large l(1); return l.bytes[8191]; }
int living() { return alive; }
Counted counted(int n) { Counted made(n); return made; }
int of_counted(const Counted &c) { return c.plus(1); }
std::string text(int n) { return std::string(n, 'x') + "\n"; }
std::string greet(const std::string &name) { return "hello " + name; }
std::string shout(std::string name) { name += "!!"; return name; }
std::string moved(std::string name) { std::string taken = std::move(name); return taken; }
std::string_view view(std::string_view v) { return v.substr(1); }
std::vector<int> numbers(int n) { std::vector<int> v; for (int i = 0; i < n; i++) v.push_back(i * i); return v; }
int total(const std::vector<int> &v) { int s = 0; for (int i : v) s += i; return s; }
std::vector<std::string> words() { return {"one", "a text of more than twenty-two letters"}; }
std::vector<bool> bits(int n) { std::vector<bool> v; for (int i = 0; i < n; i++) v.push_back(i % 3 == 0); return v; }
std::vector<geo::Point> points() { return {{1, 2}, {3, 4}}; }
std::array<short, 3> array() { return {1, 2, 3}; }
std::optional<int> some(int n) { return n ? std::optional<int>(n) : std::nullopt; }
std::optional<std::string> some_text() { return "text"; }
std::pair<int, double> pair() { return {1, 2.5}; }
std::tuple<int, char, std::string> tuple() { return {1, 'c', "three"}; }
std::variant<int, std::string> variant(int n) { if (n) return "text"; return 5; }
std::map<std::string, int> map() { return {{"b", 2}, {"a", 1}, {"c", 3}}; }
std::map<int, int> int_map() { return {{2, 20}, {1, 10}, {3, 30}}; }
std::map<int, short> none() { return {}; }
std::set<char> set() { return {'b', 'a'}; }
std::unordered_map<int, int> hashed() { return {{7, 8}}; }
std::unordered_set<std::string> hashed_set() { return {"x"}; }
std::list<int> list() { return {1, 2, 3}; }
std::unique_ptr<int> unique(int n) { return n ? std::make_unique<int>(n) : nullptr; }
std::shared_ptr<geo::Point> shared() { return std::make_shared<geo::Point>(geo::Point{5, 6}); }
std::complex<double> complex() { return {1, -2}; }
geo::Point point(geo::Point p, int by) { return {p.x + by, p.y - by}; }
geo::Color color(geo::Color c) { return c == geo::Color::Red ? geo::Color::Green : geo::Color::Red; }
Plain plain(Plain p) { return p == A ? B : A; }
geo::Box<std::string> box() { return {"in a box"}; }
Derived derived() { return {}; }
Both both() { Both b; b.x = 1; b.y = 2; b.flag = true; return b; }
Tag tag(Tag t) { return t; }
int &reference() { static int x = 5; return x; }
const std::string &text_reference() { static std::string s = "kept"; return s; }
char16_t wide() { return u'é'; }
wchar_t wider() { return L'\n'; }
std::nullptr_t null() { return nullptr; }
int member(int geo::Point::*which, geo::Point &&p) { return p.*which; }
int mixed(const std::vector<int> &v, std::string s, std::string_view sv, geo::Point p, Plain e, int (&a)[3]) {
    return v.size() + s.size() + sv.size() + p.y + e + a[2];
}
long long big(std::array<long, 5> a, Counted c) { return a[4] + c.number; }
}
namespace geo { int area(Point p) { return p.x * p.y; } }

struct talker { virtual int talk() { return 1; } int walk() { return 2; } };
using doing = int (talker::*)();
doing talking() { return &talker::talk; }
doing walking() { return &talker::walk; }
doing idling() { return nullptr; }
int talker::*nothing_of_it() { return nullptr; }
