//! Writes the packages' sources from the library: `countersign-bindgen generate --language python --out-dir FOLDER LIBRARY`. Run
//! within the workspace, on a library that is not stripped.
#![forbid(unsafe_code)]

fn main() {
    uniffi::uniffi_bindgen_main();
}
