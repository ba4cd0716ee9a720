//! 210 distorted codes, which must be read more often than `zbarimg` reads them (`tests/distorted/README.md`).
#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the whole file is a test, its functions too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use countersign_core::qr;
use countersign_tests::{peers::peer, zbar};
use serde_json::Value;

const TABLE: &str = include_str!("../distorted/table.jsonl");

/// 96 % of 210.
const MUST_READ: usize = 202;

/// One line of the table.
struct Picture {
    line: &'static str,
    values: Value,
}

impl Picture {
    fn text(&self, name: &str) -> &str {
        self.values[name].as_str().unwrap()
    }

    fn kind(&self) -> &str {
        self.text("kind")
    }

    fn number(&self, name: &str) -> u64 {
        self.values[name].as_u64().unwrap()
    }

    fn path(&self) -> PathBuf {
        let name = format!(
            "{}-{:02}.{}",
            self.kind(),
            self.number("seed"),
            self.text("format")
        );
        drawings().join(name)
    }

    /// Draws the picture unless it lies there already, drawn from the very same line.
    fn draw(&self, mut qrencode: Command, mut convert: Command) {
        let path = self.path();
        let drawn_from = path.with_extension("line");
        let is_drawn = fs::read_to_string(&drawn_from).is_ok_and(|line| line == self.line);
        if is_drawn && path.is_file() {
            return;
        }
        let code = path.with_extension("code.png");
        qrencode
            .arg("-o")
            .arg(&code)
            .args(["-s", &self.number("module_px").to_string(), "-m", "4"])
            .args(["-l", self.text("level"), "--", self.text("text")]);
        assert!(
            qrencode.status().unwrap().success(),
            "qrencode {}",
            self.line
        );
        for argument in self.values["draw"].as_array().unwrap() {
            match argument.as_str().unwrap() {
                "{code}" => convert.arg(&code),
                argument => convert.arg(argument),
            };
        }
        convert
            .args(["-colorspace", "Gray", "-depth", "8", "-strip"])
            .arg(&path);
        assert!(convert.status().unwrap().success(), "convert {}", self.line);
        fs::remove_file(code).unwrap();
        fs::write(drawn_from, self.line).unwrap();
    }
}

/// `target/distorted`: drawing takes most of the time, and the table never changes.
fn drawings() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/../distorted"))
}

fn table() -> Vec<Picture> {
    let parsed = TABLE.lines().map(|line| Picture {
        line,
        values: serde_json::from_str(line).unwrap(),
    });
    parsed.collect()
}

/// Draws all pictures, on every processor. `false` when a program is missing and may be.
fn draw_all(pictures: &[Picture]) -> bool {
    fs::create_dir_all(drawings()).unwrap();
    let is_there = |name| peer(name).is_some();
    if !is_there("qrencode") || !is_there("convert") {
        return false;
    }
    let left = Mutex::new(pictures.iter());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some(picture) = left.lock().unwrap().next() else {
                        return;
                    };
                    picture.draw(peer("qrencode").unwrap(), peer("convert").unwrap());
                }
            });
        }
    });
    true
}

fn reads(picture: &Picture) -> bool {
    let Ok(symbols) = qr::read_image(&fs::read(picture.path()).unwrap()) else {
        return false;
    };
    // EXPOSE: made-up accounts of the table.
    symbols
        .iter()
        .any(|symbol| symbol.text.expose() == picture.text("text"))
}

#[test]
fn the_table_has_15_kinds_of_14() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for picture in table() {
        *kinds.entry(picture.kind().to_owned()).or_default() += 1;
    }
    assert_eq!(kinds.len(), 15);
    assert!(kinds.values().all(|&count| count == 14), "{kinds:?}");
}

#[test]
fn distorted_codes_are_read_more_often_than_by_zbarimg() {
    let pictures = table();
    if !draw_all(&pictures) {
        return;
    }
    let Some(zbarimg) = peer("zbarimg") else {
        return;
    };
    let paths: Vec<PathBuf> = pictures.iter().map(Picture::path).collect();
    let theirs = zbar::read(zbarimg, &paths);

    let mut marks: BTreeMap<&str, (String, String)> = BTreeMap::new();
    let mark = |is_read: bool| if is_read { 'x' } else { '.' };
    let (mut our_count, mut their_count) = (0, 0);
    for picture in &pictures {
        let is_ours = reads(picture);
        let is_theirs = theirs
            .get(&picture.path())
            .is_some_and(|texts| texts.iter().any(|text| text == picture.text("text")));
        our_count += usize::from(is_ours);
        their_count += usize::from(is_theirs);
        let (ours, theirs) = marks.entry(picture.kind()).or_default();
        ours.push(mark(is_ours));
        theirs.push(mark(is_theirs));
    }
    println!("{:14} {:14} {:14}", "from slight", "countersign", "zbarimg");
    for (kind, (ours, theirs)) in &marks {
        println!("{kind:14} {ours:14} {theirs:14}");
    }
    println!(
        "read: countersign {our_count}, zbarimg {their_count}, of {}",
        pictures.len()
    );

    assert!(
        (160..=195).contains(&their_count),
        "the table was made for 160 to 195 by zbarimg"
    );
    assert!(
        our_count > their_count,
        "zbarimg reads {their_count}, we {our_count}"
    );
    assert!(
        our_count >= MUST_READ,
        "{our_count} of 210 are below {MUST_READ}"
    );
}
