// SPDX-License-Identifier: Apache-2.0
// Strings of Rust's library, as strings.cc has C++'s: programs.py knows them. Where no optimizer is at work they are asked for
// at a line, since Rust has no calling convention that anybody could know.

// std::hint::black_box() is in Rust since 1.66.
#[inline(never)]
fn black_box<T>(value: T) -> T {
    let copy = unsafe { std::ptr::read_volatile(&value) };
    std::mem::forget(value);
    copy
}

pub struct Entry {
    id: i32,
    name: String,
    tag: &'static str,
    more: [String; 2],
}

#[no_mangle]
#[inline(never)]
pub fn takes(s: &str, owned: &String, n: usize, empty: &str) -> usize {
    let sum = s.len() + owned.len() + n + empty.len();
    black_box((s.as_ptr(), owned.as_ptr(), empty.as_ptr())); /* line takes */
    black_box(sum)
}

#[inline(never)]
pub fn in_struct(e: &Entry, list: &[String]) -> usize {
    let sum = e.name.len() + e.tag.len() + e.id as usize + e.more[1].len() + list.len();
    black_box((e as *const Entry, list.as_ptr())); /* line in_struct */
    black_box(sum)
}

#[inline(never)]
pub fn has_local(n: usize) -> usize {
    let local = "y".repeat(n);
    black_box(&local);
    let behind = black_box(n); /* line has_local */
    black_box(&local);
    behind
}

fn main() {
    let times: usize = std::env::args().nth(1).map_or(1, |text| text.parse().unwrap());
    let long = String::from("a string of thirty characters.");
    let entry = Entry { id: 5, name: String::from("näme"), tag: "tag", more: [String::new(), String::from("more")] };
    black_box(entry.tag.as_bytes()[0] + "slice".as_bytes()[0]); /* they are in memory now */
    for _ in 0..times {
        takes(&black_box("a slice")[2..], black_box(&long), black_box(7), black_box(""));
        in_struct(black_box(&entry), black_box(&entry.more));
        has_local(black_box(20));
    }
}
