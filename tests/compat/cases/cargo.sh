#!/bin/bash
# needs: cargo cc=gcc
. "$COMPAT_LIB/case.bash"

mkdir -p src dep/src tests
cat >Cargo.toml <<'TOML'
[package]
name = "app"
version = "0.1.0"
edition = "2021"
[dependencies]
dep = { path = "dep" }
TOML
cat >dep/Cargo.toml <<'TOML'
[package]
name = "dep"
version = "0.1.0"
edition = "2021"
TOML
echo 'pub fn answer() -> u32 { 6 * 7 }' >dep/src/lib.rs
echo 'fn main() { println!("{}", dep::answer()); }' >src/main.rs
echo '#[test] fn holds() { assert_eq!(dep::answer(), 42); }' >tests/holds.rs

caged -- cargo build --offline --quiet
same run 42 "$(caged -- cargo run --offline --quiet)"
has tests '1 passed' "$(caged -- cargo test --offline --quiet)"
same binary 42 "$(caged -- target/debug/app)"
