//! Search, and finding one account by what a person types.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Companion;
use super::list::{AccountRow, is_listed};
use crate::time::UnixSeconds;
use crate::vault::{RecordId, StoredAccount};

/// Why a name does not mean one account.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FindError {
    /// No account has it.
    #[error("no account has this name")]
    NoSuchAccount,
    /// Several have it.
    #[error("{} accounts have this name; write more of it, or the id", .0.len())]
    Ambiguous(
        /// Their ids, in the order of the list.
        Vec<RecordId>,
    ),
}

impl FindError {
    /// The error's name in documents for programs.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchAccount => "no_such_account",
            Self::Ambiguous(_) => "ambiguous_name",
        }
    }
}

impl Companion {
    /// The listed accounts in whose issuer, account, tags or note every word of `query` occurs; case and accents do not matter (C6).
    #[must_use]
    pub fn search(&self, query: &str, now: UnixSeconds) -> Vec<AccountRow> {
        let query = fold(query);
        let words: Vec<&str> = query.split_whitespace().collect();
        self.sorted(is_listed)
            .iter()
            .filter(|shown| {
                let text = self.searchable(shown.stored);
                words.iter().all(|word| text.contains(word))
            })
            .map(|shown| self.make_row(shown, Some(now)))
            .collect()
    }

    /// The one listed account that `name` means: an id, `issuer:account`, or a part that only one account has.
    ///
    /// # Errors
    ///
    /// [`FindError`] names the candidates.
    pub fn find(&self, name: &str) -> Result<RecordId, FindError> {
        self.find_among(name, is_listed)
    }

    /// As [`Self::find`], among the accounts in the trash.
    ///
    /// # Errors
    ///
    /// [`FindError`] names the candidates.
    pub fn find_in_trash(&self, name: &str) -> Result<RecordId, FindError> {
        self.find_among(name, |stored| stored.trashed_at.is_some())
    }

    fn find_among(
        &self,
        name: &str,
        is_wanted: impl Fn(&StoredAccount) -> bool,
    ) -> Result<RecordId, FindError> {
        let candidates = self.sorted(is_wanted);
        if let Ok(id) = name.trim().parse::<RecordId>()
            && candidates.iter().any(|shown| shown.id == id)
        {
            return Ok(id);
        }
        let wanted = fold(name.trim());
        if wanted.is_empty() {
            return Err(FindError::NoSuchAccount);
        }
        let labels: Vec<(RecordId, [String; 3])> = candidates
            .iter()
            .map(|shown| (shown.id, labels(shown.stored)))
            .collect();
        // `issuer:account` is whole where it is written whole; anything else is a part, and a part that several
        // accounts have is a question, even where it is all of one account's name.
        let whole = if wanted.contains(':') {
            matching(&labels, |label| label == wanted)
        } else {
            vec![]
        };
        let found = if whole.is_empty() {
            matching(&labels, |label| label.contains(&wanted))
        } else {
            whole
        };
        match found.as_slice() {
            [] => Err(FindError::NoSuchAccount),
            [id] => Ok(*id),
            _ => Err(FindError::Ambiguous(found)),
        }
    }

    /// All the searched text of an account, folded, with line feeds between its parts.
    fn searchable(&self, stored: &StoredAccount) -> String {
        let account = &stored.account;
        let label_issuer = account
            .label_issuer
            .as_ref()
            .map_or("", |name| name.as_str());
        let mut text = String::new();
        for part in [
            account.issuer.as_str(),
            label_issuer,
            account.account.as_str(),
        ] {
            fold_into(&mut text, part);
        }
        for tag in self.tag_names(stored) {
            fold_into(&mut text, tag.as_str());
        }
        // EXPOSE: the note is searched for its owner.
        fold_into(&mut text, stored.note.expose());
        text
    }
}

fn matching(labels: &[(RecordId, [String; 3])], is_match: impl Fn(&str) -> bool) -> Vec<RecordId> {
    let is_any = |texts: &[String; 3]| texts.iter().any(|text| is_match(text));
    labels
        .iter()
        .filter(|(_, texts)| is_any(texts))
        .map(|(id, _)| *id)
        .collect()
}

/// `issuer:account`, the account alone, and `label_issuer:account` where there is one.
fn labels(stored: &StoredAccount) -> [String; 3] {
    let account = &stored.account;
    let name = account.account.as_str();
    let issuer = account.issuer.as_str();
    let prefix = account
        .label_issuer
        .as_ref()
        .map_or(issuer, |prefix| prefix.as_str());
    [
        fold(&format!("{issuer}:{name}")),
        fold(name),
        fold(&format!("{prefix}:{name}")),
    ]
}

/// Lower case without accents: compatibility decomposition, marks dropped.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 1);
    fold_into(&mut folded, text);
    folded.pop();
    folded
}

fn fold_into(folded: &mut String, text: &str) {
    if text.is_ascii() {
        folded.extend(text.chars().map(|letter| letter.to_ascii_lowercase()));
    } else {
        let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter));
        // Lower case may bring a mark of its own (İ becomes i and a dot).
        let lower = letters.flat_map(char::to_lowercase);
        folded.extend(lower.filter(|letter| !is_combining_mark(*letter)));
    }
    folded.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_and_accents() {
        for (text, folded) in [
            ("Ångström", "angstrom"),
            ("İSTANBUL", "istanbul"),
            ("ﬁne", "fine"),
            ("ABC", "abc"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }
}
