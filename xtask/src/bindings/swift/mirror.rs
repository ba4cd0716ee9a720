//! Where this machine gets its Debian packages from: the toolchain comes from the same place.

use std::path::{Path, PathBuf};

/// The mirror that apt uses here; none where this is no Debian.
pub(super) fn here() -> Option<String> {
    let apt = Path::new("/etc/apt");
    let mut files: Vec<PathBuf> = std::fs::read_dir(apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files.push(apt.join("sources.list"));
    files
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .find_map(|text| named_in(&text))
}

/// The first mirror of Debian itself in a file of apt's, of either form.
fn named_in(text: &str) -> Option<String> {
    text.lines()
        .filter(|line| {
            line.starts_with("deb ") || line.starts_with("deb\t") || line.starts_with("URIs:")
        })
        .flat_map(str::split_whitespace)
        .find(|word| is_mirror(word))
        .map(str::to_owned)
}

/// Whether this is an address of the archive, and not of its security updates or of somebody else's packages.
fn is_mirror(word: &str) -> bool {
    let is_address = ["http://", "https://"]
        .iter()
        .any(|scheme| word.starts_with(scheme));
    is_address && word.trim_end_matches('/').ends_with("/debian")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_is_found_in_both_forms() {
        let list = "# deb http://old.example/debian x\ndeb [signed-by=/k] https://a.example/debian/ bookworm main\n";
        assert_eq!(named_in(list).as_deref(), Some("https://a.example/debian/"));
        let sources = "Types: deb\n# http://snapshot.example/archive/debian/2025\nURIs: http://b.example/debian\nSuites: x\n";
        assert_eq!(
            named_in(sources).as_deref(),
            Some("http://b.example/debian")
        );
    }

    #[test]
    fn other_archives_are_no_mirror() {
        for text in [
            "",
            "deb http://a.example/debian-security bookworm-security main",
            "deb-src http://a.example/debian bookworm main",
            "URIs: https://node.example/node_20.x",
            "deb http://archive.example/ubuntu noble main",
            "deb cdrom:[Debian]/debian bookworm main",
        ] {
            assert_eq!(named_in(text), None, "{text}");
        }
    }
}
