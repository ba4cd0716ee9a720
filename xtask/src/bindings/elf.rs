//! What a library says of itself in its program headers (ELF, little-endian).

use std::path::Path;

use crate::process::Failure;

/// The largest page that devices have.
const PAGE_BYTES: u64 = 16 * 1024;

const LOAD: u32 = 1;
const NOTE: u32 = 4;

/// What is looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Headers {
    /// The alignment of each part that is loaded.
    aligned_to: Vec<u64>,
    /// The id by which symbols are found.
    build_id: Option<Vec<u8>>,
}

/// Holds that a library loads where pages have 16 KiB, and that its symbols can be found.
///
/// # Errors
///
/// A library that is none, or does not.
pub(super) fn check(library: &Path) -> Result<(), Failure> {
    let shown = library.display();
    let bytes = std::fs::read(library)
        .map_err(|error| Failure::new(format!("cannot read {shown}: {error}")))?;
    let headers = Headers::read(&bytes)
        .ok_or_else(|| Failure::new(format!("{shown} is no library for Android or Linux")))?;
    let is_aligned = |bytes: &u64| *bytes >= PAGE_BYTES && bytes.is_power_of_two();
    if headers.aligned_to.is_empty() || !headers.aligned_to.iter().all(is_aligned) {
        return Err(Failure::new(format!(
            "{shown} is not aligned to pages of 16 KiB: {:?}",
            headers.aligned_to
        )));
    }
    if headers.build_id.is_none() {
        return Err(Failure::new(format!("{shown} has no build id")));
    }
    Ok(())
}

impl Headers {
    fn read(bytes: &[u8]) -> Option<Self> {
        let is_64 = match bytes.get(..6)? {
            [0x7f, b'E', b'L', b'F', 1, 1] => false,
            [0x7f, b'E', b'L', b'F', 2, 1] => true,
            _ => return None,
        };
        // A word has the size of an address.
        let word = |at: usize| {
            if is_64 {
                number(bytes, at, 8)
            } else {
                number(bytes, at, 4)
            }
        };
        let (table, size, count) = if is_64 {
            (word(32)?, number(bytes, 54, 2)?, number(bytes, 56, 2)?)
        } else {
            (word(28)?, number(bytes, 42, 2)?, number(bytes, 44, 2)?)
        };
        let mut headers = Self::default();
        for place in 0..count {
            let at = usize::try_from(table + place * size).ok()?;
            // Offset, size in the file, alignment.
            let (offset, length, align) = if is_64 {
                (word(at + 8)?, word(at + 32)?, word(at + 48)?)
            } else {
                (word(at + 4)?, word(at + 16)?, word(at + 28)?)
            };
            match u32::try_from(number(bytes, at, 4)?).ok()? {
                LOAD => headers.aligned_to.push(align),
                NOTE => {
                    let from = usize::try_from(offset).ok()?;
                    let notes = bytes.get(from..from + usize::try_from(length).ok()?)?;
                    headers.build_id = headers.build_id.or_else(|| build_id(notes));
                }
                _ => {}
            }
        }
        Some(headers)
    }
}

/// A number of so many bytes.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let found = bytes.get(at..at.checked_add(length)?)?;
    Some(
        found
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    )
}

/// The id among notes: each has two lengths, a kind, a name and what it says, both filled up to four bytes.
fn build_id(mut notes: &[u8]) -> Option<Vec<u8>> {
    const BUILD_ID: u64 = 3;
    loop {
        let length = |at| usize::try_from(number(notes, at, 4)?).ok();
        let (name, said) = (length(0)?, length(4)?);
        let begin = 12 + name.next_multiple_of(4);
        let end = begin.checked_add(said)?;
        if number(notes, 8, 4)? == BUILD_ID && notes.get(12..12 + name)? == b"GNU\0" {
            return notes.get(begin..end).map(<[u8]>::to_vec);
        }
        notes = notes.get(end.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library of two headers: a part that is loaded, and notes.
    fn library(align: u64, notes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1];
        bytes.resize(64, 0);
        let mut put = |at: usize, number: u64, length: usize| {
            let end = at + length;
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[at..end].copy_from_slice(&number.to_le_bytes()[..length]);
        };
        put(32, 64, 8);
        put(54, 56, 2);
        put(56, 2, 2);
        put(64, 1, 4);
        put(64 + 48, align, 8);
        put(120, 4, 4);
        put(120 + 8, 176, 8);
        put(120 + 32, u64::try_from(notes.len()).unwrap(), 8);
        put(120 + 48, 4, 8);
        bytes.extend(notes);
        bytes
    }

    const OTHER_NOTE: [u8; 20] = [
        4, 0, 0, 0, 3, 0, 0, 0, 5, 0, 0, 0, b'G', b'N', b'U', 0, 9, 9, 9, 0,
    ];
    const BUILD_ID: [u8; 20] = [
        4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, b'G', b'N', b'U', 0, 7, 8, 0, 0,
    ];

    #[test]
    fn headers_are_read() {
        let notes = [OTHER_NOTE, BUILD_ID].concat();
        let headers = Headers::read(&library(16_384, &notes)).unwrap();
        assert_eq!(headers.aligned_to, [16_384]);
        assert_eq!(headers.build_id, Some(vec![7, 8]));
        assert_eq!(
            Headers::read(&library(4_096, &OTHER_NOTE))
                .unwrap()
                .build_id,
            None
        );
    }

    #[test]
    fn what_is_cut_or_no_library_is_refused() {
        let whole = library(16_384, &BUILD_ID);
        for length in 0..whole.len() {
            let cut = Headers::read(&whole[..length]);
            assert!(
                cut.is_none_or(|headers| headers.build_id.is_none()),
                "{length}"
            );
        }
        assert_eq!(Headers::read(b"MZ and so on"), None);
    }

    #[test]
    fn a_library_is_held_to_pages_and_a_build_id() {
        let place = std::env::temp_dir().join(format!("countersign-elf-{}", std::process::id()));
        let holds = |bytes: &[u8]| {
            std::fs::write(&place, bytes).unwrap();
            check(&place).is_ok()
        };
        assert!(holds(&library(16_384, &BUILD_ID)));
        assert!(holds(&library(65_536, &BUILD_ID)));
        assert!(!holds(&library(4_096, &BUILD_ID)));
        assert!(!holds(&library(16_384, &OTHER_NOTE)));
        assert!(!holds(b"none"));
        std::fs::remove_file(&place).unwrap();
        assert!(check(&place).is_err());
    }
}
