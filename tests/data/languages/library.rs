// Code that needs Rust's standard library.
use std::panic;

struct Noisy;
impl Drop for Noisy {
    fn drop(&mut self) {
        println!("dropped");
    }
}

struct Failing;
impl Drop for Failing {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

#[no_mangle]
pub fn hello() {
    println!("hello from Rust");
}

#[no_mangle]
pub fn said(n: i32) {
    panic!("{n} is {:>4} too many", n - 1);
}

#[no_mangle]
pub fn same(a: i32, b: i32) {
    assert_eq!(a, b, "they differ by {}", a - b);
}

#[no_mangle]
pub fn parsed(n: i32) -> i32 {
    let text = if n > 0 { "17" } else { "many" };
    text.parse::<i32>().unwrap()
}

#[no_mangle]
pub fn element(index: usize) -> i32 {
    let _noisy = Noisy;
    let numbers = vec![1, 2, 3];
    numbers[index]
}

#[no_mangle]
pub fn caught(index: usize) -> i32 {
    panic::catch_unwind(|| element(index)).unwrap_or(-1)
}

#[no_mangle]
pub fn caught_and_resumed(index: usize) -> i32 {
    panic::catch_unwind(|| element(index)).unwrap_or_else(|problem| panic::resume_unwind(problem))
}

#[no_mangle]
pub fn twice() {
    let _failing = Failing;
    panic!("first");
}

#[no_mangle]
pub extern "C" fn for_c() {
    panic!("it cannot leave a C function");
}

#[no_mangle]
pub fn panicking() -> bool {
    std::thread::panicking()
}

#[no_mangle]
pub fn parallel() -> i32 {
    let workers: Vec<_> = (0..4).map(|i| std::thread::spawn(move || i * 10)).collect();
    workers.into_iter().map(|worker| worker.join().unwrap()).sum()
}

#[no_mangle]
pub fn in_a_thread() -> bool {
    std::thread::spawn(|| panic!("in a thread")).join().is_err()
}

#[no_mangle]
pub fn sorted() -> i64 {
    let mut words = vec!["pear".to_string(), "apple".to_string(), "fig".to_string()];
    words.sort();
    println!("{}", words.join(" "));
    words.len() as i64
}

#[no_mangle]
pub fn counted() -> usize {
    let words = "a b a".split(' ').map(|word| (word, 1));
    words.collect::<std::collections::HashMap<_, _>>().len() // a thread-local variable of std has its keys
}
