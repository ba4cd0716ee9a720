//! The options that tasks take.

use crate::process::Failure;

/// What `test` and `setup` can be told.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Options {
    /// Tools whose tests may be left out.
    pub(crate) allow_missing: Vec<String>,
    /// More rounds of every randomised test.
    pub(crate) long: bool,
}

impl Options {
    /// Reads the options; `names` are the tools that may be named.
    ///
    /// # Errors
    ///
    /// An unknown option or tool, in words.
    pub(crate) fn parse(arguments: &[String], names: &[&str]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let list = match argument.split_once('=') {
                Some(("--allow-missing", list)) => list,
                None if argument == "--allow-missing" => rest
                    .next()
                    .map(String::as_str)
                    .ok_or_else(|| Failure::new("--allow-missing needs a list of names"))?,
                None if argument == "--long" => {
                    options.long = true;
                    continue;
                }
                _ => return Err(Failure::new(format!("unknown option {argument:?}"))),
            };
            for name in list.split(',').map(str::trim) {
                if !names.contains(&name) {
                    return Err(Failure::new(format!(
                        "--allow-missing knows {}, not {name:?}",
                        names.join(", ")
                    )));
                }
                options.allow_missing.push(name.to_owned());
            }
        }
        Ok(options)
    }

    /// Whether the tests that need `name` may be left out.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.allow_missing.iter().any(|allowed| allowed == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["oathtool", "tmux"];

    fn parse(line: &str) -> Result<Options, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments, &NAMES).map_err(|failure| failure.to_string())
    }

    #[test]
    fn both_spellings_of_a_list_are_read() {
        for line in [
            "--allow-missing oathtool,tmux",
            "--allow-missing=oathtool,tmux",
        ] {
            let options = parse(line).unwrap();
            assert!(options.allows("oathtool") && options.allows("tmux"));
            assert!(!options.allows("python"));
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(parse("--allow-missing otool").is_err());
        assert!(parse("--allow-missing").is_err());
        assert!(parse("--allow-missing=").is_err());
        assert!(parse("--fast").is_err());
        assert!(parse("test").is_err());
        assert!(parse("--long").unwrap().long);
    }
}
