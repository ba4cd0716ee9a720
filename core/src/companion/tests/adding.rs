//! Adding: scenarios A4 to A6.

use super::*;

#[test]
fn a4_the_same_names_with_another_key_are_both_kept() {
    let (place, mut companion) = Place::new();
    let first = add(&mut companion, totp("ACME", "ann", "one"));
    let added = companion.add(totp("ACME", "ann", "two"), NOW).unwrap();
    let Added::New {
        id,
        same_names,
        same_secret,
    } = added
    else {
        panic!("{added:?}")
    };
    assert_ne!(id, first);
    assert_eq!((same_names, same_secret), (vec![first], vec![]));
    drop(companion);
    let companion = place.unlock();
    assert_eq!(shown(&companion.list(NOW)), ["ann", "ann"]);
    let uri = |id| companion.export_uri(id).unwrap();
    assert_ne!(uri(first), uri(id));
}

#[test]
fn a5_the_very_same_account_is_already_here() {
    let (_place, mut companion) = Place::new();
    let id = add(&mut companion, totp("ACME", "ann", "one"));
    let again = companion.add(totp("ACME", "ann", "one"), NOW).unwrap();
    assert_eq!(
        again,
        Added::AlreadyHere {
            id,
            in_trash: false
        }
    );
    companion.remove(id, NOW).unwrap();
    let again = companion.add(totp("ACME", "ann", "one"), NOW).unwrap();
    assert_eq!(again, Added::AlreadyHere { id, in_trash: true });
    assert!(companion.list(NOW).is_empty());
}

#[test]
fn a5_a_stored_counter_never_changes() {
    let (_place, mut companion) = Place::new();
    let id = add(&mut companion, hotp(5));
    companion
        .next_hotp(id, DoubtfulCounter::Refuse, NOW)
        .unwrap();
    for counter in [0, 5, 6, 100] {
        let again = companion.add(hotp(counter), NOW).unwrap();
        assert_eq!(
            again,
            Added::AlreadyHere {
                id,
                in_trash: false
            }
        );
    }
    let kind = companion.row(id, NOW).unwrap().kind;
    assert_eq!(kind.counter(), Some(Counter::new(6).unwrap()));
}

#[test]
fn a5_the_same_key_with_anything_else_different_is_added_with_a_warning() {
    let (_place, mut companion) = Place::new();
    let first = add(&mut companion, totp("ACME", "ann", "one"));
    let eight = OtpKind::Totp {
        algorithm: Algorithm::Sha1,
        digits: Digits::new(8).unwrap(),
        period: Period::DEFAULT,
    };
    let different = [
        totp("ACME", "bob", "one"),
        totp("Other", "ann", "one"),
        account("ACME", "ann", "one", eight),
        account("ACME", "ann", "one", OtpKind::Steam),
    ];
    for (n, account) in different.into_iter().enumerate() {
        let added = companion.add(account, NOW).unwrap();
        let Added::New { same_secret, .. } = added else {
            panic!("{added:?}")
        };
        assert_eq!(same_secret.len(), n + 1);
        assert!(same_secret.contains(&first));
    }
}

#[test]
fn a6_two_issuers_with_the_same_user_are_kept_without_a_question() {
    let (_place, mut companion) = Place::new();
    add(&mut companion, totp("ACME", "ann", "one"));
    let added = companion.add(totp("Initech", "ann", "two"), NOW).unwrap();
    assert!(
        matches!(added, Added::New { same_names, same_secret, .. } if same_names.is_empty() && same_secret.is_empty())
    );
}

#[test]
fn several_accounts_are_added_together_and_a_twin_among_them_once() {
    let (_place, mut companion) = Place::new();
    let accounts = vec![
        totp("A", "x", "1"),
        totp("B", "y", "2"),
        totp("A", "x", "1"),
    ];
    let added = companion.add_all(accounts, NOW).unwrap();
    let Added::New { id, .. } = added[0] else {
        panic!("{added:?}")
    };
    assert_eq!(
        added[2],
        Added::AlreadyHere {
            id,
            in_trash: false
        }
    );
    assert_eq!(shown(&companion.list(NOW)), ["x", "y"]);
}

#[test]
fn accounts_added_together_are_told_apart_as_if_one_by_one() {
    let (_place, mut companion) = Place::new();
    let mut prefixed = totp("A", "x", "1");
    prefixed.label_issuer = Some(Name::new("Tenant"));
    let accounts = vec![
        totp("A", "x", "1"),
        prefixed,
        hotp(5),
        hotp(6),
        totp("A", "x", "2"),
    ];
    let added = companion.add_all(accounts, NOW).unwrap();
    let Added::New { id: first, .. } = added[0] else {
        panic!("{added:?}")
    };
    for again in [&added[1], &added[3]] {
        assert!(matches!(
            again,
            Added::AlreadyHere {
                in_trash: false,
                ..
            }
        ));
    }
    let Added::New { same_names, .. } = &added[4] else {
        panic!("{added:?}")
    };
    assert_eq!(*same_names, [first]);
    assert_eq!(companion.list(NOW).len(), 3);
}

#[test]
fn one_account_over_a_limit_adds_none_of_them() {
    let (_place, mut companion) = Place::new();
    let long = "x".repeat(2000);
    let refused = companion.add_all(vec![totp("A", "fine", "1"), totp("A", &long, "2")], NOW);
    assert_eq!(
        refused,
        Err(VaultError::NameTooLong {
            got_bytes: 2000,
            max_bytes: 1024
        })
    );
    assert!(companion.list(NOW).is_empty());
}

#[test]
fn a11_a_link_is_shown_for_confirmation_and_adds_nothing_before_it() {
    let (place, mut companion) = Place::new();
    add(&mut companion, totp("ACME", "ann", "one"));
    drop(companion);
    let before = std::fs::read(place.location().path()).unwrap();
    let companion = place.unlock();
    let link = "otpauth://totp/ACME:ann?secret=JBSWY3DPEHPK3PXP&issuer=ACME";
    let finding = crate::doctor::examine(link, crate::uri::TestMode::Off);
    let tapped = crate::uri::parse_otpauth(link).unwrap().account;
    // All that a confirmation page shows: what the link is, its warnings, and what adding it would do.
    assert!(finding.is_accepted());
    assert_eq!(companion.prospect(&tapped).same_names.len(), 1);
    assert_eq!(companion.list(NOW).len(), 1);
    drop(companion);
    let after = std::fs::read(place.location().path()).unwrap();
    assert!(after == before, "looking at a link changed the vault");
    let mut companion = place.unlock();
    companion.add(tapped, NOW).unwrap();
    assert_eq!(companion.list(NOW).len(), 2);
}
