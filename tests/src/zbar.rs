//! What `zbarimg` reads in many pictures at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The texts that `zbarimg` reads in each picture, in one process; pictures without a code are not in the map.
///
/// Its search for inverted codes, which is off by default, is switched on.
///
/// # Panics
///
/// When it does not run.
#[must_use]
pub fn read(mut zbarimg: Command, pictures: &[PathBuf]) -> HashMap<PathBuf, Vec<String>> {
    let output = zbarimg
        .args(["--quiet", "--xml", "-Stest-inverted"])
        .args(pictures)
        .output()
        .expect("zbarimg starts");
    // It complains about a picture without a code, and on machines without D-Bus; only the document counts.
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `<source href='…'>` and the `<![CDATA[…]]>` sections that follow it.
fn parse(document: &str) -> HashMap<PathBuf, Vec<String>> {
    let mut sources = document.split("<source href='").skip(1);
    let mut read = HashMap::new();
    for source in sources.by_ref() {
        let Some((name, rest)) = source.split_once('\'') else {
            continue;
        };
        let texts = rest.split("<![CDATA[").skip(1);
        let texts = texts.filter_map(|text| text.split_once("]]></data>"));
        read.insert(
            Path::new(name).to_path_buf(),
            texts.map(|(text, _)| text.to_owned()).collect(),
        );
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_belongs_to_its_picture() {
        let document = "<barcodes><source href='a.png'>\n<index num='0'>\n\
            <symbol type='QR-Code'><data><![CDATA[one]]></data></symbol>\n\
            <symbol type='QR-Code'><data><![CDATA[t<w>o]]></data></symbol>\n</index></source>\n\
            <source href='b/c.png'><index num='0'><symbol><data><![CDATA[]]></data></symbol></index></source>";
        let read = parse(document);
        assert_eq!(read.len(), 2);
        assert_eq!(read[Path::new("a.png")], ["one", "t<w>o"]);
        assert_eq!(read[Path::new("b/c.png")], [""]);
        assert!(parse("").is_empty());
    }
}
