// What `:call` shows of Rust's values: a row of docs/what-works.md for each function.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

/// `char`
pub fn letter() -> char { 'é' }

/// `&str`
pub fn text() -> &'static str { "tab\t" }

/// `String`
pub fn owned() -> String { "owned".to_string() }

/// `Vec`
pub fn prime_factors() -> Vec<u64> { vec![2, 2, 3] }

/// slices
pub fn slice() -> &'static [i32] { &[1, 2, 3] }

/// `Option`
pub fn half() -> Option<i32> { Some(5) }

/// `Result`
pub fn parsed() -> Result<i64, String> { "x".parse::<i64>().map_err(|e| e.to_string()) }

/// tuples
pub fn tuple() -> (u8, char, bool) { (1, 'a', true) }

pub struct Point { pub x: i32, pub y: i32 }
/// structs
pub fn origin() -> Point { Point { x: 1, y: 2 } }

pub enum Shape { Empty, Circle(f64), Rect { w: u8, h: u16 } }
/// enums
pub fn shape() -> Vec<Shape> { vec![Shape::Empty, Shape::Circle(2.5), Shape::Rect { w: 1, h: 2 }] }

/// `Box`, `Rc`
pub fn shared() -> (Box<i32>, Rc<Point>) { (Box::new(5), Rc::new(Point { x: 5, y: 6 })) }

/// `HashMap`
pub fn ages() -> HashMap<String, u32> { HashMap::from([("one".to_string(), 1)]) }

/// `BTreeMap`, `VecDeque`
pub fn ordered() -> (BTreeMap<u8, char>, VecDeque<u8>) { (BTreeMap::from([(1, 'a')]), VecDeque::from([2, 3])) }

/// closures
pub fn closure() -> Box<dyn Fn(i32) -> i32> { Box::new(|x| x + 1) }
