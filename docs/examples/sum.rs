#[no_mangle]
pub fn sum(a: i32, b: i32) -> i32 {
    a + b
}

#[no_mangle]
pub fn element(index: usize) -> i32 {
    let numbers = [10, 20, 30];
    numbers[index]
}
