//! Work accounts in the list: how each stands, so that an unfinished one never looks like one that works.

use countersign_core::approval::WorkView;
use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;

use crate::args::ListArgs;
use crate::terminal::fitted;
use crate::work::account::{clock_words, remarks, standing_words, title};

/// Those that `--search` and `--tag` leave; work accounts have no tags.
pub(super) fn select(companion: &Companion, args: &ListArgs, now: UnixSeconds) -> Vec<WorkView> {
    let mut views = companion.work_accounts(now);
    views.retain(|view| view.trashed_at.is_some() == args.trash && args.tag.is_empty());
    if let Some(words) = &args.search {
        views.retain(|view| has_words(view, words));
    }
    views
}

fn has_words(view: &WorkView, words: &str) -> bool {
    let text = format!(
        "{} {} {}",
        view.issuer.as_str(),
        view.label.as_str(),
        view.host.as_str()
    )
    .to_lowercase();
    words
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

/// One line each, cut to `width` columns where one is given.
pub(super) fn lines(views: &[WorkView], width: Option<usize>) -> Vec<String> {
    views.iter().map(|view| line(view, width)).collect()
}

fn line(view: &WorkView, width: Option<usize>) -> String {
    let facts: Vec<String> = std::iter::once(standing_words(&view.standing))
        .chain(remarks(view))
        .collect();
    let line = format!("   {}  {}", title(view), facts.join(", "));
    match width {
        Some(width) => fitted(&line, width),
        None => line,
    }
}

/// What a wrong clock means, said once for each server that showed it.
pub(super) fn clock_notes(views: &[WorkView]) -> Vec<String> {
    views.iter().filter_map(clock_words).collect()
}
