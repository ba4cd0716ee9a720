//! Issuer and account: what the label and the `issuer` parameter say together.

use crate::account::Name;
use crate::encoding::percent::{self, Plus};

/// The names of an account.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Names {
    pub(crate) issuer: Name,
    /// The label's prefix where it differs from the issuer.
    pub(crate) label_issuer: Option<Name>,
    pub(crate) account: Name,
}

/// Reads label and parameter, both raw.
///
/// The issuer parameter decides where the label is split when a part of the label is equal to it;
/// otherwise the first literal colon does, then the first encoded one.
pub(crate) fn names(label: &str, issuer: Option<&str>) -> Names {
    let (raw_prefix, raw_account) = split(label);
    let account = Name::new(&percent::decode(raw_account, Plus::Literal));
    // In most links the two are written alike, a plus too: nothing is left to compare.
    if raw_prefix.is_some() && raw_prefix == issuer {
        let issuer = Name::new(&percent::decode(raw_prefix.unwrap_or(""), Plus::Literal));
        return named(issuer, account);
    }
    let prefix = raw_prefix.map(|raw| Name::new(&percent::decode(raw, Plus::Literal)));
    let Some(raw_issuer) = issuer else {
        return without_parameter(prefix, account);
    };
    // A plus that the label has too is a plus; any other is a form's space.
    if raw_issuer.contains('+') {
        let issuer = Name::new(&percent::decode(raw_issuer, Plus::Literal));
        if let Some(split) = split_at_issuer(label, prefix.as_ref(), &issuer) {
            return named(issuer, split.unwrap_or(account));
        }
    }
    let issuer = Name::new(&percent::decode(raw_issuer, Plus::Space));
    if issuer.is_empty() {
        return without_parameter(prefix, account);
    }
    if let Some(split) = split_at_issuer(label, prefix.as_ref(), &issuer) {
        return named(issuer, split.unwrap_or(account));
    }
    Names {
        issuer,
        label_issuer: prefix.filter(|prefix| !prefix.is_empty()),
        account,
    }
}

/// Whether two names are one issuer: equal but for the case of letters.
pub(crate) fn is_same_issuer(a: &Name, b: &Name) -> bool {
    is_same_text(a.as_str(), b.as_str())
}

/// The account in a text that begins with the issuer and a colon.
pub(crate) fn strip_issuer(text: &str, issuer: &Name) -> Option<Name> {
    // Normalised once: a prefix of it is then a name but for white space at its end.
    let text = Name::new(text);
    text.as_str().match_indices(':').find_map(|(at, _)| {
        let (prefix, rest) = text.as_str().split_at_checked(at)?;
        is_same_text(prefix.trim_end(), issuer.as_str())
            .then(|| Name::new(rest.strip_prefix(':').unwrap_or(rest)))
    })
}

/// Ends at the first difference, so that a label of nothing but colons takes no time.
fn is_same_text(a: &str, b: &str) -> bool {
    // Most names are ASCII, and equal ones nearly always have equal letters too.
    if a.eq_ignore_ascii_case(b) {
        return true;
    }
    a.chars()
        .flat_map(char::to_lowercase)
        .eq(b.chars().flat_map(char::to_lowercase))
}

fn named(issuer: Name, account: Name) -> Names {
    Names {
        issuer,
        label_issuer: None,
        account,
    }
}

fn without_parameter(prefix: Option<Name>, account: Name) -> Names {
    named(prefix.unwrap_or_default(), account)
}

/// Whether some part of the label is the issuer: `Some(None)` when its prefix is, and with the
/// account when the label has to be split elsewhere for that.
fn split_at_issuer(label: &str, prefix: Option<&Name>, issuer: &Name) -> Option<Option<Name>> {
    let prefix = prefix.filter(|_| !issuer.is_empty())?;
    if is_same_issuer(prefix, issuer) {
        return Some(None);
    }
    strip_issuer(&percent::decode(label, Plus::Literal), issuer).map(Some)
}

/// Splits at the first literal colon, else at the first encoded one; no prefix without either.
fn split(label: &str) -> (Option<&str>, &str) {
    if let Some((prefix, account)) = label.split_once(':') {
        return (Some(prefix), account);
    }
    let encoded = label
        .as_bytes()
        .windows(3)
        .position(|bytes| matches!(bytes, b"%3A" | b"%3a"))
        .and_then(|at| label.split_at_checked(at))
        .and_then(|(prefix, rest)| Some((prefix, rest.split_at_checked(3)?.1)));
    match encoded {
        Some((prefix, account)) => (Some(prefix), account),
        None => (None, label),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(label: &str, issuer: Option<&str>, expected: (&str, Option<&str>, &str)) {
        let names = names(label, issuer);
        let got = (
            names.issuer.as_str(),
            names.label_issuer.as_ref().map(Name::as_str),
            names.account.as_str(),
        );
        assert_eq!(got, expected, "{label:?} {issuer:?}");
    }

    #[test]
    fn the_prefix_is_the_issuer_without_a_parameter() {
        check("alice", None, ("", None, "alice"));
        check("Acme:alice", None, ("Acme", None, "alice"));
        check("Acme%3Aalice", Some(""), ("Acme", None, "alice"));
        check("Acme%3a%20%20alice", None, ("Acme", None, "alice"));
        check("Acme:", None, ("Acme", None, ""));
        check(":alice", None, ("", None, "alice"));
        check("", None, ("", None, ""));
        check("a/b/c", None, ("", None, "a/b/c"));
    }

    #[test]
    fn a_literal_colon_wins_over_encoded_ones() {
        check("i%3Aw:l%3Aa:x", None, ("i:w", None, "l:a:x"));
        check("Matrix%3A%40a%3Ab.org", None, ("Matrix", None, "@a:b.org"));
    }

    #[test]
    fn the_parameter_decides_the_split_when_the_prefix_is_equal_to_it() {
        for label in ["Text%3A%20More:Me", "Text: More:Me", "Text%3A More%3AMe"] {
            check(label, Some("Text%3A%20More"), ("Text: More", None, "Me"));
        }
        check("Acme%3Ax:y", Some("Acme"), ("Acme", None, "x:y"));
    }

    #[test]
    fn a_different_parameter_wins_and_the_prefix_is_kept() {
        check("Tenant:bob", Some("Big"), ("Big", Some("Tenant"), "bob"));
        check("bob", Some("Big"), ("Big", None, "bob"));
        check(":bob", Some("Big"), ("Big", None, "bob"));
        check("", Some("Big"), ("Big", None, ""));
        check("%C3%B1:bob", Some("N"), ("N", Some("ñ"), "bob"));
        check("Acme :x:bob", Some("Acme"), ("Acme", None, "x:bob"));
        let colons = ":é".repeat(4_000);
        let account = colons.trim_start_matches(':').to_owned();
        check(&colons, Some("%C3%A9%C3%A9"), ("éé", None, &account));
    }

    #[test]
    fn letter_case_alone_is_no_difference() {
        check("ACME:bob", Some("Acme"), ("Acme", None, "bob"));
        check("ÉCOLE:bob", Some("%C3%A9cole"), ("école", None, "bob"));
    }

    #[test]
    fn a_plus_is_a_space_unless_the_label_has_it_too() {
        check(
            "Air%20Canada:b",
            Some("Air+Canada"),
            ("Air Canada", None, "b"),
        );
        check("b", Some("Air+Canada"), ("Air Canada", None, "b"));
        check("Disney+:b", Some("Disney+"), ("Disney+", None, "b"));
        check("Disney%2B%3Ab", Some("disney+"), ("disney+", None, "b"));
        check("Disney:b", Some("Disney+"), ("Disney", None, "b"));
        check("a+b", None, ("", None, "a+b"));
    }
}
