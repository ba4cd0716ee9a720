//! Numbers in SQLite's own form, of one to nine bytes (file format description, §1.6).

/// The number that `bytes` begins with, and what follows it.
pub(super) fn read_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    let mut rest = bytes;
    for _ in 0..8 {
        let (&byte, following) = rest.split_first()?;
        rest = following;
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, rest));
        }
    }
    // The ninth byte counts with all its bits.
    let (&byte, rest) = rest.split_first()?;
    Some((value << 8 | u64::from(byte), rest))
}

/// The rowid that stands at the end of `before`. The size before it ends in a byte below 0x80, which shows where it begins.
pub(super) fn rowid_at_end(before: &[u8]) -> Option<i64> {
    let (_, earlier) = before.split_last()?;
    let continued = earlier
        .iter()
        .rev()
        .take(8)
        .take_while(|byte| **byte >= 0x80);
    let start = earlier.len() - continued.count();
    let (value, rest) = read_varint(before.get(start..)?)?;
    rest.is_empty().then_some(value.cast_signed())
}

/// Whether `before` ends with `size` as SQLite writes it; a size of this kind has at most two bytes.
pub(super) fn ends_with_size(before: &[u8], size: usize) -> bool {
    let Ok(size) = u16::try_from(size) else {
        return false;
    };
    let [_, low] = (size & 0x7f).to_be_bytes();
    match size >> 7 {
        0 => before.ends_with(&[low]),
        high => {
            let [_, high] = (high | 0x80).to_be_bytes();
            before.ends_with(&[high, low])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rowid_is_read_backwards_at_every_width() {
        for (bytes, expected) in [
            (&[0x05, 0x00][..], 0),
            (&[0x05, 0x7f], 127),
            (&[0x05, 0x81, 0x00], 128),
            (&[0x05, 0x81, 0x7f], 255),
            (&[0x85, 0x05, 0x81, 0x80, 0x00], 16_384),
            (
                &[0x05, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xff],
                (1 << 57) | 255,
            ),
        ] {
            assert_eq!(rowid_at_end(bytes), Some(expected), "{bytes:?}");
        }
        assert_eq!(rowid_at_end(&[]), None);
        assert_eq!(rowid_at_end(&[0x05, 0x80]), None);
    }

    #[test]
    fn a_size_is_known_in_one_byte_and_in_two() {
        assert!(ends_with_size(&[9, 0x7f], 127));
        assert!(ends_with_size(&[9, 0x81, 0x00], 128));
        assert!(ends_with_size(&[9, 0x88, 0x05], 1029));
        assert!(!ends_with_size(&[9, 0x05], 1029));
        assert!(!ends_with_size(&[], 5));
    }
}
