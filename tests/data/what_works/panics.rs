// What `:call` says of panics: a row of docs/what-works.md for each function.
use std::hint::black_box;
use std::panic;

/// an overflow
pub fn overflows() -> i32 { black_box(i32::MAX) + 1 }

/// a division by zero
pub fn divides() -> i32 { 5 / black_box(0) }

/// an index out of bounds
pub fn indexes() -> i32 { vec![1, 2, 3][black_box(7)] }

/// a range out of bounds
pub fn slices() -> i32 { [1, 2, 3][black_box(2)..9].len() as i32 }

/// `unwrap` of `None`
pub fn unwraps() -> i32 { black_box(None::<i32>).unwrap() }

/// `unwrap` of `Err`
pub fn unwraps_an_error() -> i32 { "x".parse::<i32>().unwrap() }

/// `expect`
pub fn expects() -> i32 { black_box(None::<i32>).expect("a number") }

/// `assert!`
pub fn asserts() -> i32 { assert!(black_box(1) > 2); 0 }

/// `assert_eq!`, with a message
pub fn compares() -> i32 { assert_eq!(black_box(1), 2, "by {}", 1); 0 }

/// `unreachable!`
pub fn reaches() -> i32 { unreachable!() }

/// `todo!`
pub fn postpones() -> i32 { todo!() }

/// `panic_any(5)`
pub fn panics_with_a_number() -> i32 { panic::panic_any(black_box(5)) }

/// a `Vec` of more bytes than there are
pub fn allocates() -> i32 { Vec::<u8>::with_capacity(black_box(usize::MAX)).len() as i32 }
