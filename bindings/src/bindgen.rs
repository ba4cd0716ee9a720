//! Writes the packages' sources.
fn main() { uniffi::uniffi_bindgen_main() }
