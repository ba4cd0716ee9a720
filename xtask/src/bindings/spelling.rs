//! How each language's tests name a variant of an error.

use super::own_text::has_word;

/// A variant by its names.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Variant {
    pub(super) error: String,
    pub(super) name: String,
    pub(super) in_kotlin: String,
    /// Whether another type of the interface has a variant of this name.
    pub(super) is_shared: bool,
    /// Whether another one has whose values are asked in Python, by `is_` and the name: none that is thrown, or is a name alone.
    pub(super) is_asked_elsewhere: bool,
}

/// How a language names a variant.
pub(super) struct Spelling {
    /// With its error: that is enough.
    whole: Vec<String>,
    /// Without it.
    short: Vec<String>,
    /// Whether the short name may be another type's variant.
    is_doubtful: bool,
    /// What gives an error of this type alone: beside it the short name is this type's.
    helper: String,
}

impl Spelling {
    /// Whether a test names the variant, and could not mean another type's.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let has_one = |text: &str, of: &[String]| of.iter().any(|name| has_word(text, name));
        has_one(text, &self.whole)
            || text
                .lines()
                .filter(|line| !self.is_doubtful || has_word(line, &self.helper))
                .any(|line| has_one(line, &self.short))
    }
}

pub(super) fn python(variant: &Variant) -> Spelling {
    // Python has a `KeyError` of its own.
    let error = match variant.error.as_str() {
        "KeyError" => "KeyStoreError",
        error => error,
    };
    let (name, loud) = (&variant.name, loud_case(&variant.name));
    Spelling {
        whole: vec![format!("{error}.{name}"), format!("{error}.{loud}")],
        short: vec![format!("is_{loud}()"), format!("\"{loud}\"")],
        is_doubtful: variant.is_asked_elsewhere,
        helper: format!("{}_fault", loud_case(fact_of(variant)).to_ascii_lowercase()),
    }
}

pub(super) fn kotlin(variant: &Variant) -> Spelling {
    Spelling {
        whole: vec![variant.in_kotlin.clone()],
        short: Vec::new(),
        is_doubtful: variant.is_shared,
        helper: format!("{}Fault", small(fact_of(variant))),
    }
}

pub(super) fn swift(variant: &Variant) -> Spelling {
    let name = small(&variant.name);
    Spelling {
        whole: vec![format!("{}.{name}", variant.error)],
        short: vec![format!(".{name}")],
        is_doubtful: variant.is_shared,
        helper: format!("{}Fault", small(fact_of(variant))),
    }
}

/// `Vault` of `VaultError`, as the tests' `vaultFault` is called.
fn fact_of(variant: &Variant) -> &str {
    let error = variant.error.as_str();
    (error.strip_suffix("Error"))
        .or_else(|| error.strip_suffix("Fault"))
        .unwrap_or(error)
}

/// `noCode` of `NoCode`.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    let first: String = letters.next().into_iter().collect();
    first.to_ascii_lowercase() + letters.as_str()
}

/// `NO_CODE` of `NoCode`.
fn loud_case(name: &str) -> String {
    let mut loud = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !loud.is_empty() {
            loud.push('_');
        }
        loud.push(letter.to_ascii_uppercase());
    }
    loud
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(error: &str, name: &str, is_shared: bool) -> Variant {
        Variant {
            error: error.to_owned(),
            name: name.to_owned(),
            in_kotlin: format!("{error}.{name}"),
            is_shared,
            is_asked_elsewhere: is_shared,
        }
    }

    #[test]
    fn a_name_that_no_other_type_has_may_stand_alone() {
        let lone = variant("VaultError", "DiskFull", false);
        assert!(swift(&lone).is_in("a == .diskFull"));
        assert!(python(&lone).is_in("a.is_DISK_FULL()"));
        assert!(python(&lone).is_in("[\"DISK_FULL\"]"));
        assert!(!kotlin(&lone).is_in("vaultFault() is DiskFull"));
    }

    #[test]
    fn a_name_that_another_type_has_too_stands_with_its_own() {
        let shared = variant("VaultError", "LockedOut", true);
        let other = variant("PlatformKeyError", "LockedOut", true);
        for text in [
            "state == .lockedOut",
            "vaultFault { a }\n== .lockedOut",
            "aVaultFault { a } == .lockedOut",
            "keyFault { a } == .lockedOut",
        ] {
            assert!(!swift(&shared).is_in(text), "{text}");
        }
        for text in ["VaultError.lockedOut", "vaultFault { a } == .lockedOut"] {
            assert!(swift(&shared).is_in(text), "{text}");
            assert!(!swift(&other).is_in(text), "{text}");
        }
        for text in [
            "a.is_LOCKED_OUT()",
            "vault_fault(a)\na.is_LOCKED_OUT()",
            "[\"LOCKED_OUT\"]",
        ] {
            assert!(!python(&shared).is_in(text), "{text}");
        }
        for text in ["VaultError.LOCKED_OUT", "vault_fault(a).is_LOCKED_OUT()"] {
            assert!(python(&shared).is_in(text), "{text}");
            assert!(!python(&other).is_in(text), "{text}");
        }
        assert!(python(&other).is_in("platform_key_fault(a).is_LOCKED_OUT()"));
    }

    #[test]
    fn python_asks_only_values() {
        let lone = Variant {
            is_asked_elsewhere: false,
            ..variant("VaultError", "RolledBack", true)
        };
        assert!(python(&lone).is_in("a.is_ROLLED_BACK()"));
        assert!(!swift(&lone).is_in("a == .rolledBack"));
    }
}
