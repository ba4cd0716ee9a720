//! The tag-length-value form of sealed bodies: tag (1 byte, 1 to 255), length (4 bytes), value; then
//! tag 0 and zeros to the next multiple of 256. Numbers are big-endian.

use zeroize::Zeroizing;

/// Bodies have a multiple of so many bytes, so that the length says little about the content.
const PADDING_BYTES: usize = 256;

/// The body is not in the form above, or a known field has a value that it cannot have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

/// Writes a body; wiped when dropped.
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(crate) fn new() -> Self {
        // Most records fit: no reallocation leaves a copy behind.
        Self(Zeroizing::new(Vec::with_capacity(PADDING_BYTES * 2)))
    }

    pub(crate) fn put(&mut self, tag: u8, value: &[u8]) {
        let length = u32::try_from(value.len()).expect("limits keep values far below 4 GiB");
        self.0.push(tag);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
    }

    pub(crate) fn put_text(&mut self, tag: u8, text: &str) {
        if !text.is_empty() {
            self.put(tag, text.as_bytes());
        }
    }

    pub(crate) fn put_u64(&mut self, tag: u8, value: u64) {
        self.put(tag, &value.to_be_bytes());
    }

    /// Ends the list and pads it, so that the length says little about the content.
    pub(crate) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        self.0.push(0);
        let padded = self.0.len().next_multiple_of(PADDING_BYTES);
        self.0.resize(padded, 0);
        self.0
    }

    /// Ends the list: for what lies inside a body.
    pub(crate) fn finish_unpadded(mut self) -> Zeroizing<Vec<u8>> {
        self.0.push(0);
        self.0
    }
}

/// Reads the fields of a body in their order.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    /// The next field, or none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Malformed> {
        let (&tag, rest) = self.0.split_first().ok_or(Malformed)?;
        if tag == 0 {
            // All of it is looked at, without an early end: that is many bytes at a time.
            return match rest.iter().fold(0, |seen, byte| seen | byte) {
                0 => Ok(None),
                _ => Err(Malformed),
            };
        }
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Malformed)?;
        let (value, rest) = rest.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Some((tag, value)))
    }
}

pub(crate) fn u8_of(value: &[u8]) -> Result<u8, Malformed> {
    <[u8; 1]>::try_from(value)
        .map(|[byte]| byte)
        .map_err(|_| Malformed)
}

pub(crate) fn u32_of(value: &[u8]) -> Result<u32, Malformed> {
    value
        .try_into()
        .map(u32::from_be_bytes)
        .map_err(|_| Malformed)
}

pub(crate) fn u64_of(value: &[u8]) -> Result<u64, Malformed> {
    value
        .try_into()
        .map(u64::from_be_bytes)
        .map_err(|_| Malformed)
}

pub(crate) fn text_of(value: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(value).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, Malformed> {
        let mut reader = Reader::new(body);
        let mut found = vec![];
        while let Some((tag, value)) = reader.next()? {
            found.push((tag, value.to_vec()));
        }
        Ok(found)
    }

    #[test]
    fn what_was_put_is_read_in_order() {
        let mut writer = Writer::new();
        writer.put(9, b"nine");
        writer.put_text(3, "");
        writer.put_u64(255, 7);
        let body = writer.finish();
        assert_eq!(body.len(), 256);
        assert_eq!(
            fields(&body).unwrap(),
            [(9, b"nine".to_vec()), (255, 7_u64.to_be_bytes().to_vec())]
        );
    }

    #[test]
    fn the_end_always_has_room() {
        for length in [250, 251, 252] {
            let mut writer = Writer::new();
            writer.put(1, &vec![1; length]);
            let body = writer.finish();
            assert_eq!(body.len(), if length <= 250 { 256 } else { 512 });
            assert_eq!(fields(&body).unwrap().len(), 1);
        }
    }

    #[test]
    fn malformed_bodies_are_refused() {
        let bodies: [&[u8]; 6] = [
            b"",
            &[1],
            &[1, 0, 0, 0],
            &[1, 0, 0, 0, 2, 7],
            &[1, 0, 0, 0, 1, 7],
            &[0, 0, 1],
        ];
        for body in bodies {
            assert_eq!(fields(body), Err(Malformed), "{body:?}");
        }
        assert_eq!(u8_of(&[]), Err(Malformed));
        assert_eq!(u32_of(&[0; 3]), Err(Malformed));
        assert_eq!(u64_of(&[0; 9]), Err(Malformed));
        assert_eq!(text_of(&[0xff]), Err(Malformed));
    }
}
