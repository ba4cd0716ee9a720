//! Chains that were touched, and those that were not.

use super::*;

const AT: UnixSeconds = UnixSeconds(1_800_000_000);

fn entry(text: &str) -> Link {
    Link::Entry(Secret::copy_of(text.as_bytes()))
}

/// Rows from `first` on, after `head`, and what the chain comes to.
fn chain(first: u64, mut head: ChainHead, links: Vec<Link>) -> (Vec<(u64, ChainRow)>, ChainHead) {
    let rows = (first..).zip(links).map(|(seq, link)| {
        let row = ChainRow::new(head, link);
        head = head.after(seq, &row.link);
        (seq, row)
    });
    let rows = rows.collect();
    (rows, head)
}

fn four() -> (Vec<(u64, ChainRow)>, ChainHead) {
    chain(
        1,
        ChainHead::default(),
        ["a", "b", "c", "d"].map(entry).into(),
    )
}

fn walked(rows: &[(u64, ChainRow)], count: u64, head: ChainHead) -> Result<ChainReport, BadPlace> {
    let mut walk = Walk::new(count, head);
    for (seq, row) in rows {
        walk.step(*seq, Some(row))?;
    }
    walk.finish()
}

fn bad<T>(seq: u64, fault: ChainFault) -> Result<T, BadPlace> {
    Err(BadPlace { seq, fault })
}

#[test]
fn a_chain_that_was_not_touched_holds() {
    let (rows, head) = four();
    let report = walked(&rows, 4, head).unwrap();
    assert_eq!((report.entries, report.cut, report.lost), (4, 0, 0));
    assert_eq!(report.head, head);
    assert_eq!(
        walked(&[], 0, ChainHead::default()),
        Ok(ChainReport::default())
    );
}

#[test]
fn r15_each_place_that_was_touched_is_named() {
    for place in 0..4 {
        let seq = u64::try_from(place).unwrap() + 1;
        let (mut rows, head) = four();
        rows.remove(place);
        assert_eq!(walked(&rows, 4, head), bad(seq, ChainFault::Missing));
        let (mut rows, _) = four();
        rows[place].1.link = entry("x");
        assert_eq!(walked(&rows, 4, head), bad(seq, ChainFault::Changed));
        let (mut rows, _) = four();
        rows[place].1.link = Link::Cut {
            at: AT,
            start: rows[place].1.previous,
        };
        assert!(walked(&rows, 4, head).is_err());
    }
    let (mut rows, head) = four();
    rows.truncate(1);
    assert_eq!(walked(&rows, 4, head), bad(2, ChainFault::Missing));
    let (rows, head) = four();
    assert_eq!(walked(&rows, 3, head), bad(4, ChainFault::Extra));
    let (mut rows, head) = four();
    let (b, c) = (rows[1].1.previous, rows[2].1.previous);
    rows.swap(1, 2);
    (rows[1].0, rows[2].0) = (2, 3);
    assert_eq!(walked(&rows, 4, head), bad(1, ChainFault::Changed));
    // Also by somebody who mends what the rows say of each other.
    (rows[1].1.previous, rows[2].1.previous) = (b, c);
    assert_eq!(walked(&rows, 4, head), bad(2, ChainFault::Changed));
    let mut walk = Walk::new(4, head);
    assert_eq!(walk.step(1, None), bad(1, ChainFault::Unreadable));
}

#[test]
fn an_older_tail_in_place_of_the_newer_one_is_named() {
    let (_, head) = four();
    let older = ["a", "b", "c", "an older d"].map(entry);
    let (rows, _) = chain(1, ChainHead::default(), older.into());
    assert_eq!(walked(&rows, 4, head), bad(4, ChainFault::Changed));
}

#[test]
fn a_chain_goes_on_after_what_was_cut_and_after_what_was_lost() {
    let start = ChainHead([7; 32]);
    let links = vec![Link::Cut { at: AT, start }, entry("a"), entry("b")];
    let (rows, head) = chain(5, start, links);
    let report = walked(&rows, 7, head).unwrap();
    assert_eq!((report.entries, report.cut), (2, 5));
    let mut moved = rows;
    for (seq, _) in &mut moved {
        *seq += 1;
    }
    // How many are gone is part of what the chain says.
    assert_eq!(walked(&moved, 8, head), bad(7, ChainFault::Changed));

    let (mut rows, head) = chain(
        3,
        ChainHead::default(),
        vec![Link::Lost { at: AT, count: 3 }, entry("a")],
    );
    let report = walked(&rows, 4, head).unwrap();
    assert_eq!((report.entries, report.lost), (1, 3));
    rows[0].1.link = Link::Lost { at: AT, count: 2 };
    assert_eq!(walked(&rows, 4, head), bad(1, ChainFault::Missing));
}

#[test]
fn a_row_reads_what_it_writes() {
    let previous = ChainHead([3; 32]);
    for link in [
        entry(""),
        entry("text"),
        Link::Cut {
            at: AT,
            start: previous,
        },
        Link::Lost { at: AT, count: 2 },
        Link::PorchLost { at: AT, count: 0 },
    ] {
        let mut row = ChainRow::new(previous, link);
        row.unknown.push((9, Secret::copy_of(b"newer")));
        let read = ChainRow::decode(&row.encode()).unwrap();
        assert_eq!((read.previous, &read.link), (previous, &row.link));
        assert_eq!(read.unknown, row.unknown);
    }
}

#[test]
fn a_row_without_a_link_with_two_or_with_a_short_one_is_refused() {
    let refused = |fields: &[(u8, &[u8])]| {
        let mut body = Writer::new();
        fields
            .iter()
            .for_each(|(number, value)| body.put(*number, value));
        ChainRow::decode(&body.finish()).is_err()
    };
    assert!(!refused(&[(1, &[0; 32]), (2, b"")]));
    assert!(refused(&[(1, &[0; 32])]));
    assert!(refused(&[(2, b"")]));
    assert!(refused(&[(1, &[0; 31]), (2, b"")]));
    assert!(refused(&[(1, &[0; 32]), (2, b""), (2, b"")]));
    for (number, bytes) in [(3, 39), (3, 41), (4, 15), (5, 17), (4, 7)] {
        assert!(refused(&[(1, &[0; 32]), (number, &vec![0; bytes])]));
    }
}
