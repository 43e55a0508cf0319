#![crate_type = "lib"]

#[no_mangle]
pub extern "C" fn total(last: u32) -> u32 {
    let mut sum = 0;
    let mut number = 1;
    while number <= last {
        sum += number;
        number += 1;
    }
    sum
}
