//! How the library is linked for Android, whoever calls cargo.

#![forbid(unsafe_code)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    let is_linux_x86_64 =
        is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ARCH", "x86_64");
    // There the flags are tested, and cost nothing.
    if is("CARGO_CFG_TARGET_OS", "android") || is_linux_x86_64 {
        // Devices with pages of 16 KiB load nothing else.
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
        // By it a crash finds the symbols that were put apart.
        println!("cargo::rustc-link-arg-cdylib=-Wl,--build-id=sha1");
    }
}
