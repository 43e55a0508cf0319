#[no_mangle]
pub extern "C" fn answer() -> i32 {
    vec![40, 2].iter().sum()
}
