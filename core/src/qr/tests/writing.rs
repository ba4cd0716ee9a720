//! Codes as terminal text, SVG and PNG.

use super::*;

/// Terminal text as a picture: a sign is `width` × `height` pixels.
fn photographed(text: &str, sign_height: u32, dark: impl Fn(char, bool) -> bool) -> GrayImage {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let width = u32::try_from(lines[0].len()).unwrap();
    let height = u32::try_from(lines.len()).unwrap();
    GrayImage::from_fn(width * 4, height * sign_height, |x, y| {
        let sign = lines[index(y / sign_height)][index(x / 4)];
        let is_upper = y % sign_height < sign_height / 2;
        Luma([if dark(sign, is_upper) { 0 } else { 255 }])
    })
}

#[test]
fn terminal_text_is_a_code_on_dark_and_on_light_ground() {
    let matrix = encode(&SecretText::new(LINK.into())).unwrap();
    let is_ink = |sign: char, is_upper: bool| match sign {
        '█' | '#' => true,
        '▀' => is_upper,
        '▄' => !is_upper,
        _ => false,
    };
    // EXPOSE: the test's own text.
    let coloured = matrix
        .to_terminal_text()
        .expose()
        .replace("\u{1b}[30;107m", "")
        .replace("\u{1b}[0m", "");
    assert_eq!(read_png(photographed(&coloured, 8, is_ink)), [LINK]);
    let plain = matrix.to_plain_terminal_text();
    assert_eq!(read_png(photographed(plain.expose(), 8, is_ink)), [LINK]);
    assert_eq!(
        read_png(photographed(plain.expose(), 8, |sign, upper| !is_ink(
            sign, upper
        ))),
        [LINK]
    );
    let ascii = matrix.to_ascii_text();
    assert_eq!(read_png(photographed(ascii.expose(), 8, is_ink)), [LINK]);
    let side = matrix.side() + 8;
    assert!(coloured.lines().all(|line| line.chars().count() == side));
    assert_eq!(coloured.lines().count(), side.div_ceil(2));
}

#[test]
fn svg_has_every_dark_module_once() {
    let matrix = encode(&SecretText::new(LINK.into())).unwrap();
    let svg = matrix.to_svg();
    // EXPOSE: the test's own text.
    let path = svg
        .expose()
        .split(" d=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut dark = std::collections::BTreeSet::new();
    for run in path.split_terminator('z') {
        let (x, rest) = run.trim_start_matches('M').split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (width, _) = rest.split_once('v').unwrap();
        let (x, y, width): (usize, usize, usize) = (
            x.parse().unwrap(),
            y.parse().unwrap(),
            width.parse().unwrap(),
        );
        dark.extend((x..x + width).map(|x| (x, y)));
    }
    let expected = (4..).zip(matrix.rows()).flat_map(|(y, row)| {
        (4..)
            .zip(row)
            .filter(|(_, is_dark)| **is_dark)
            .map(move |(x, _)| (x, y))
    });
    assert_eq!(dark, expected.collect());
}

#[test]
fn a_png_beyond_the_cap_is_not_drawn() {
    let matrix = encode(&SecretText::new("a".repeat(2_900))).unwrap();
    let refused = matrix.to_png(NonZeroU8::MAX).err();
    assert_eq!(refused, Some(QrError::ImageTooLarge));
}
