// A function for each kind of value of Rust (tests/worker/test_sourcecalls.py).
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

type Hasher = BuildHasherDefault<DefaultHasher>; // RandomState wants a thread_local of std

#[derive(Clone, Copy)]
pub struct Point { pub x: i32, pub y: i32 }
pub struct Meters(pub f64);
pub struct Unit;
pub struct Triple { pub a: f32, pub b: f32, pub c: f32 }
pub struct Large { pub values: [u64; 4], pub name: &'static str }
pub struct Node { pub value: u8, pub next: Option<Box<Node>> }
pub struct Looped { pub other: Cell<Option<&'static Looped>> }
unsafe impl Sync for Looped {}
pub struct Pair<T> { pub first: T, pub second: T }
#[derive(Clone, Copy)]
pub enum Color { Red, Green = 5, Blue }
pub enum Shape { Empty, Circle(f64), Rect { w: u8, h: u16 } }
#[repr(C)]
pub struct Cpoint { pub x: f32, pub y: f32, pub z: f32 }
pub struct Noisy(pub u8);
impl Drop for Noisy { fn drop(&mut self) { println!("dropped {}", self.0); } }

macro_rules! functions { ($($(#[$a:meta])* fn $name:ident($($arg:tt)*) $(-> $result:ty)? $body:block)*) => {
    $(#[no_mangle] pub fn $name($($arg)*) $(-> $result)? $body)*
} }

functions! {
fn prime_factors(mut n: u64) -> Vec<u64> {
    let mut found = Vec::new();
    let mut d = 2;
    while n > 1 { while n % d == 0 { found.push(d); n /= d; } d += 1; }
    found
}
fn sum(a: i32, b: i32) -> i32 { a + b }
fn all_ones() -> u32 { !0 }
fn huge() -> u128 { !0 }
fn letter(c: char) -> char { if c == 'a' { '\u{1F600}' } else { c } }
fn truth(b: bool) -> bool { !b }
fn third() -> f32 { 1.0 / 3.0 }
fn nothing() {}
fn text(n: u32) -> &'static str { if n == 0 { "tab\t\"é\"" } else { "" } }
fn greet(name: &str) -> String { format!("hello {name}") }
fn shout(mut name: String) -> String { name.push('!'); name }
fn origin() -> Point { Point { x: 1, y: 2 } }
fn area(p: Point) -> i32 { p.x * p.y }
fn by_reference(p: &Point) -> i32 { p.x - p.y }
fn longer(m: Meters) -> Meters { Meters(m.0 + 1.0) }
fn unit() -> Unit { Unit }
fn rotated(t: Triple) -> Triple { Triple { a: t.b, b: t.c, c: t.a } }
fn doubled(mut l: Large) -> Large { for v in &mut l.values { *v *= 2; } l }
fn tuple(a: u8, t: (char, bool)) -> (u8, char, bool) { (a, t.0, !t.1) }
fn one_tuple() -> (i32,) { (5,) }
fn half(x: i32) -> Option<i32> { if x % 2 == 0 { Some(x / 2) } else { None } }
fn or_zero(x: Option<i32>) -> i32 { x.unwrap_or(0) }
fn boxed(x: i32) -> Option<Box<i32>> { if x % 2 == 0 { Some(Box::new(x)) } else { None } }
fn unboxed(x: Option<Box<i32>>) -> i32 { x.map_or(-1, |b| *b) }
fn parse(s: &str) -> Result<i64, String> { s.parse::<i64>().map_err(|e| e.to_string()) }
fn color(c: Color) -> Color { match c { Color::Red => Color::Green, Color::Green => Color::Blue, _ => Color::Red } }
fn shape(k: u32) -> Shape { match k { 0 => Shape::Empty, 1 => Shape::Circle(2.5), _ => Shape::Rect { w: 1, h: 2 } } }
fn surface(s: Shape) -> f64 { match s { Shape::Empty => 0.0, Shape::Circle(r) => r * r, Shape::Rect { w, h } => w as f64 * h as f64 } }
fn list(n: u8) -> Option<Box<Node>> { if n == 0 { None } else { Some(Box::new(Node { value: n, next: list(n - 1) })) } }
fn strings() -> Vec<String> { vec!["a".to_string(), "bc".to_string()] }
fn nested() -> Vec<Option<Vec<u8>>> { vec![Some(vec![1, 2]), None] }
fn many(n: usize) -> Vec<u32> { (0..n as u32).collect() }
fn slice(numbers: &[i32]) -> i32 { numbers.iter().sum() }
fn tail(numbers: &'static [i32]) -> &'static [i32] { &numbers[1..] }
fn array() -> [u16; 3] { [1, 2, 3] }
fn matrix() -> [[f64; 2]; 2] { [[1.0, 2.0], [3.0, 4.0]] }
fn total(numbers: Vec<u64>) -> u64 { numbers.iter().sum() }
fn pair() -> Pair<Option<u8>> { Pair { first: Some(1), second: None } }
fn shared() -> Rc<String> { Rc::new("shared".to_string()) }
fn counted() -> Arc<Point> { Arc::new(Point { x: 5, y: 6 }) }
fn cells() -> (Cell<u8>, RefCell<u8>) { (Cell::new(1), RefCell::new(2)) }
fn non_zero() -> Option<NonZeroU32> { NonZeroU32::new(7) }
fn map() -> HashMap<String, u32, Hasher> { [("one".to_string(), 1)].into_iter().collect() }
fn set() -> HashSet<u8, Hasher> { [9].into_iter().collect() }
fn queue() -> VecDeque<u8> { let mut q = VecDeque::from([2, 3]); q.push_front(1); q }
fn tree() -> BTreeMap<u8, u8> { BTreeMap::from([(1, 2)]) }
fn path() -> PathBuf { PathBuf::from("/a/b") }
fn closure() -> Box<dyn Fn(i32) -> i32> { Box::new(|x| x + 1) }
fn pointer() -> *const u8 { 16 as *const u8 }
fn function() -> fn(i32, i32) -> i32 { sum }
fn noisy() -> Noisy { Noisy(3) }
fn looped() -> &'static Looped {
    static A: Looped = Looped { other: Cell::new(None) };
    A.other.set(Some(&A));
    &A
}
}

#[no_mangle] pub extern "C" fn c_point(p: Cpoint) -> Cpoint { Cpoint { x: p.z, y: p.x, z: p.y } }
#[no_mangle] pub static COUNT: u32 = 7;
