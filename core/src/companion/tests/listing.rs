//! Listing, searching and locking: scenarios C2 and C6.

use super::*;

#[test]
fn c2_a_list_holds_current_next_and_change_of_one_moment() {
    let (_place, mut companion) = Place::new();
    add(&mut companion, totp("A", "x", "1"));
    add(&mut companion, hotp(0));
    let before = companion.list(UnixSeconds(59));
    let after = companion.list(UnixSeconds(60));
    let (before, after) = (
        before[0].window.as_ref().unwrap(),
        after[0].window.as_ref().unwrap(),
    );
    assert_eq!(before.changes_at, UnixSeconds(60));
    assert_eq!(before.next, after.current);
    assert_eq!(
        companion.next_change(UnixSeconds(59)),
        Some(UnixSeconds(60))
    );
    let codes = companion.codes(UnixSeconds(59));
    assert_eq!(
        codes.len(),
        1,
        "looking must not move a counter, so an HOTP has no code to show"
    );
    assert_eq!(codes[0].1, *before);
}

#[test]
fn c6_search_looks_everywhere_and_ignores_case_and_accents() {
    let (_place, mut companion) = Place::new();
    let id = add(
        &mut companion,
        totp("Société Générale", "zoë@example.com", "1"),
    );
    add(&mut companion, totp("Other", "bob", "2"));
    let edit = Edit {
        note: Some(SecretText::new("Backup at GRANDMOTHER's".into())),
        tags: Some(vec![Name::new("Finances")]),
        ..Edit::default()
    };
    companion.edit(id, edit, NOW).unwrap();
    for query in [
        "societe",
        "GÉNÉ",
        "ZOE",
        "grandmother",
        "finance",
        "soc zoe fin",
        "",
        "générale",
    ] {
        let found = companion.search(query, NOW);
        assert!(found.iter().any(|row| row.id == id), "{query}");
    }
    for query in ["nothing", "societe bob", "zoe@example.org"] {
        assert!(companion.search(query, NOW).is_empty(), "{query}");
    }
    assert_eq!(companion.search("bob", NOW).len(), 1);
}

#[test]
fn a_name_means_one_account_or_names_the_candidates() {
    let (_place, mut companion) = Place::new();
    let ann = add(&mut companion, totp("ACME", "ann", "1"));
    let joanna = add(&mut companion, totp("ACME", "joanna", "2"));
    let other = add(&mut companion, totp("Initech", "bob:b", "3"));
    for (name, id) in [
        (ann.to_string(), ann),
        ("acme:ann".into(), ann),
        ("JOA".into(), joanna),
        ("initech".into(), other),
        ("bob:b".into(), other),
    ] {
        assert_eq!(companion.find(&name), Ok(id), "{name}");
    }
    assert_eq!(
        companion.find("acme"),
        Err(FindError::Ambiguous(vec![ann, joanna]))
    );
    // All of one account's name is still a part of two.
    assert_eq!(
        companion.find("ann"),
        Err(FindError::Ambiguous(vec![ann, joanna]))
    );
    for name in ["", " ", "nobody", "0123456789abcdef0123456789abcdef"] {
        assert_eq!(
            companion.find(name),
            Err(FindError::NoSuchAccount),
            "{name}"
        );
    }
    companion.remove(ann, NOW).unwrap();
    assert_eq!(companion.find("ann"), Ok(joanna));
    assert_eq!(
        companion.find(&ann.to_string()),
        Err(FindError::NoSuchAccount)
    );
    assert_eq!(companion.find_in_trash("ann"), Ok(ann));
}

#[test]
fn idle_time_locks_and_a_clock_set_back_does_not_keep_it_open() {
    let at = UnixSeconds;
    assert!(!Companion::is_idle(at(100), at(399), 300));
    assert!(Companion::is_idle(at(100), at(400), 300));
    assert!(Companion::is_idle(at(100), at(99), 300));
    assert!(Companion::is_idle(at(100), at(100), 0));
}

#[test]
fn a_locked_companion_opens_again() {
    let (place, mut companion) = Place::new();
    add(&mut companion, totp("X", "ann", "1"));
    let locked = companion.lock();
    let wrong = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let (locked, error) = locked
        .unlock(&Credential::Recovery(&wrong), NOW)
        .unwrap_err();
    assert_eq!(error, VaultError::WrongPassword);
    let companion = locked
        .unlock(&Credential::Recovery(&place.code), NOW)
        .unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["ann"]);
}

#[test]
fn another_process_is_seen_after_a_refresh() {
    let (place, mut companion) = Place::new();
    let mut other = place.unlock();
    let id = add(&mut other, totp("X", "ann", "1"));
    assert!(companion.list(NOW).is_empty());
    assert_eq!(companion.refresh(), Ok(true));
    assert!(companion.list(NOW)[0].window.is_some());
    other.remove(id, NOW).unwrap();
    assert_eq!(companion.refresh(), Ok(true));
    assert!(companion.list(NOW).is_empty());
}

#[test]
fn what_a_write_took_over_from_another_process_has_codes_too() {
    let (place, mut companion) = Place::new();
    let mine = add(&mut companion, totp("X", "ann", "1"));
    add(&mut place.unlock(), totp("X", "bob", "2"));
    companion.edit(mine, Edit::default(), NOW).unwrap();
    let rows = companion.list(NOW);
    assert_eq!(shown(&rows), ["ann", "bob"]);
    assert!(rows.iter().all(|row| row.window.is_some()));
    assert_eq!(companion.codes(NOW).len(), 2);
}

#[test]
fn debug_shows_no_name_and_no_key() {
    let (_place, mut companion) = Place::new();
    let id = add(&mut companion, totp("MARKED", "MARKED", "MARKED"));
    let edit = Edit {
        note: Some(SecretText::new("MARKED".into())),
        tags: Some(vec![Name::new("MARKED")]),
        ..Edit::default()
    };
    let shown = format!(
        "{edit:?} {companion:?} {:?} {:?}",
        companion.row(id, NOW),
        companion.list(NOW)
    );
    assert!(!shown.contains("MARKED"), "{shown}");
}
