// Rust without its standard library: a row of docs/what-works.md for each function.
#![no_std]
#![crate_type = "lib"]
use core::hint::black_box;
use core::sync::atomic::{AtomicI32, Ordering};

/// integers, floats, slices, iterators: 42
pub fn numbers() -> i32 {
    let numbers = black_box([1, 2, 3, 36]);
    numbers.iter().sum::<i32>() + numbers[1..3].len() as i32 - (black_box(2.5f64) as i32)
}

/// enums, `match`, `Option`, `Result`: 42
pub fn choices() -> i32 {
    fn half(n: i32) -> Result<i32, &'static str> { if n % 2 == 0 { Ok(n / 2) } else { Err("odd") } }
    match (half(black_box(84)), half(black_box(3))) {
        (Ok(n), Err("odd")) => Some(n).unwrap_or(0),
        _ => 0,
    }
}

trait Shape { fn area(&self) -> i32; }
struct Square(i32);
impl Shape for Square { fn area(&self) -> i32 { self.0 * self.0 } }
/// traits, `dyn`, closures, generics: 42
pub fn abstractions() -> i32 {
    let shape: &dyn Shape = black_box(&Square(6));
    fn twice<F: Fn(i32) -> i32>(f: F, n: i32) -> i32 { f(f(n)) }
    twice(|n| n + 3, shape.area())
}

static DROPPED: AtomicI32 = AtomicI32::new(0);
struct Counted;
impl Drop for Counted { fn drop(&mut self) { DROPPED.fetch_add(21, Ordering::SeqCst); } }
/// `Drop`, atomics, statics: 42
pub fn drops() -> i32 {
    DROPPED.store(0, Ordering::SeqCst);
    { let _one = Counted; let _two = Counted; }
    DROPPED.load(Ordering::SeqCst)
}

/// `u128`: 42
pub fn wide() -> i32 { ((black_box(42u128) << 100) * 3 / 3 >> 100) as i32 }
