// Panics of code that needs no more of Rust's library than the functions that panic.
#![no_std]

static mut ALIVE: i32 = 0;
struct Guard(i32);
impl Guard {
    fn new() -> Guard {
        unsafe { ALIVE += 1 };
        Guard(1)
    }
}
impl Drop for Guard {
    fn drop(&mut self) {
        unsafe { ALIVE -= 1 };
    }
}

#[no_mangle]
pub fn alive() -> i32 {
    unsafe { ALIVE }
}

#[no_mangle]
pub fn sum(a: i32, b: i32) -> i32 {
    a + b
}

#[no_mangle]
pub extern "C" fn sum_for_c(a: i32, b: i32) -> i32 {
    a + b
}

#[no_mangle]
pub fn guarded_sum(a: i32, b: i32) -> i32 {
    let guard = Guard::new();
    (a + b) * guard.0
}

#[no_mangle]
pub fn arithmetic(which: i32, a: i32, b: i32) -> i32 {
    match which {
        0 => a - b,
        1 => a * b,
        2 => a / b,
        3 => a % b,
        4 => -a,
        5 => a << b,
        _ => a >> b,
    }
}

#[no_mangle]
pub fn element(index: usize) -> i32 {
    let numbers = [10, 20, 30];
    numbers[index]
}

#[no_mangle]
pub fn part(numbers: &[i32; 3], start: usize, end: usize) -> usize {
    numbers[start..end].len()
}

#[no_mangle]
pub fn option(which: i32) -> i32 {
    let some = if which > 1 { Some(which) } else { None };
    if which == 0 { some.expect("a number above one") } else { some.unwrap() }
}

#[no_mangle]
pub fn said(which: i32) {
    match which {
        0 => panic!("as it was written"),
        1 => todo!(),
        2 => unreachable!(),
        3 => unimplemented!("later"),
        4 => assert!(which > 4),
        5 => assert!(which > 5, "five is not enough"),
        _ => {}
    }
}

pub mod shapes {
    #[inline(never)]
    pub fn area(width: u32, height: u32) -> u32 {
        width * height
    }
}
