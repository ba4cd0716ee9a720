//! The published tables, the edges, and the shape of what is returned. The vectors of
//! `tests/vectors/otp.jsonl` are run by the workspace's `tests` crate.

use super::*;
use crate::time::UnixSeconds;

fn seed(algorithm: Algorithm) -> Secret {
    let length = match algorithm {
        Algorithm::Sha1 => 20,
        Algorithm::Sha256 => 32,
        Algorithm::Sha512 => 64,
    };
    Secret::new(b"1234567890".iter().copied().cycle().take(length).collect())
}

fn totp(algorithm: Algorithm, digits: u64, period_s: u64) -> Otp {
    let kind = OtpKind::Totp {
        algorithm,
        digits: Digits::new(digits).unwrap(),
        period: Period::new(period_s).unwrap(),
    };
    Otp::new(seed(algorithm), kind).unwrap()
}

fn hotp(counter: u64) -> Otp {
    let kind = OtpKind::Hotp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        counter: Counter::new(counter).unwrap(),
    };
    Otp::new(seed(Algorithm::Sha1), kind).unwrap()
}

/// RFC 6238 appendix B, 8 digits and 30 s, with the seed of each hash's length (erratum 2866).
const RFC_6238: [(u64, [&str; 3]); 6] = [
    (59, ["94287082", "46119246", "90693936"]),
    (1_111_111_109, ["07081804", "68084774", "25091201"]),
    (1_111_111_111, ["14050471", "67062674", "99943326"]),
    (1_234_567_890, ["89005924", "91819424", "93441116"]),
    (2_000_000_000, ["69279037", "90698825", "38618901"]),
    (20_000_000_000, ["65353130", "77737706", "47863826"]),
];

/// RFC 4226 appendix D, counters 0 to 9.
const RFC_4226: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];

#[test]
fn c1_totp_matches_rfc_6238() {
    for (now_s, expected) in RFC_6238 {
        for (algorithm, code) in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]
            .into_iter()
            .zip(expected)
        {
            let made = totp(algorithm, 8, 30).generator().code(UnixSeconds(now_s));
            assert_eq!(made.text().expose(), code, "{algorithm:?} at {now_s} s");
        }
    }
}

#[test]
fn c1_hotp_matches_rfc_4226() {
    for (counter, code) in (0_u64..).zip(RFC_4226) {
        // The time is no part of an HOTP.
        assert_eq!(
            hotp(counter)
                .generator()
                .code(UnixSeconds(counter * 977))
                .text()
                .expose(),
            code
        );
    }
}

#[test]
fn c2_current_and_next_agree_at_the_boundary() {
    let account = totp(Algorithm::Sha1, 6, 30);
    let generator = account.generator();
    let before = generator.window(UnixSeconds(59)).unwrap();
    let after = generator.window(UnixSeconds(60)).unwrap();
    assert_eq!(before.changes_at, UnixSeconds(60));
    assert_eq!(after.changes_at, UnixSeconds(90));
    assert_eq!(before.next, after.current);
    assert_ne!(before.current, after.current);
    assert_eq!(generator.window(UnixSeconds(57)).unwrap(), before);
}

#[test]
fn a_window_has_each_moments_codes_in_whatever_order_it_is_asked() {
    for period_s in [1, 30, 61] {
        let asked = totp(Algorithm::Sha256, 8, period_s);
        // Forwards, as a list that is shown; backwards, as a clock that is put right; far apart; at the end of time.
        for at in [
            0,
            1,
            29,
            30,
            31,
            60,
            90,
            60,
            30,
            0,
            1 << 40,
            90,
            u64::MAX,
            u64::MAX - 61,
        ] {
            let window = asked.generator().window(UnixSeconds(at)).unwrap();
            // A generator that was asked nothing before.
            let fresh = totp(Algorithm::Sha256, 8, period_s);
            assert_eq!(window.current, fresh.generator().code(UnixSeconds(at)));
            assert_eq!(window.next, fresh.generator().code(window.changes_at));
        }
    }
}

#[test]
fn a_window_at_the_end_of_time_does_not_wrap() {
    let window = totp(Algorithm::Sha1, 6, 30)
        .generator()
        .window(UnixSeconds(u64::MAX))
        .unwrap();
    assert_eq!(window.changes_at, UnixSeconds(u64::MAX));
}

#[test]
fn hotp_has_no_window() {
    assert!(hotp(3).generator().window(UnixSeconds(0)).is_none());
}

#[test]
fn another_counter_is_for_hotp_alone() {
    let nine = Counter::new(9).unwrap();
    assert_eq!(
        hotp(0)
            .generator()
            .code_at_counter(nine)
            .unwrap()
            .text()
            .expose(),
        "520489"
    );
    assert!(
        totp(Algorithm::Sha1, 6, 30)
            .generator()
            .code_at_counter(nine)
            .is_none()
    );
}

#[test]
fn ten_digits_need_a_modulus_above_32_bits() {
    let at = UnixSeconds(1_111_111_109);
    assert_eq!(
        totp(Algorithm::Sha1, 9, 30)
            .generator()
            .code(at)
            .text()
            .expose(),
        "907081804"
    );
    assert_eq!(
        totp(Algorithm::Sha1, 10, 30)
            .generator()
            .code(at)
            .text()
            .expose(),
        "0907081804"
    );
    assert_eq!(
        totp(Algorithm::Sha1, 1, 30)
            .generator()
            .code(at)
            .text()
            .expose(),
        "4"
    );
}

#[test]
fn steam_writes_five_characters() {
    let key = [
        0xf6, 0xc2, 0x41, 0xd8, 0x50, 0xca, 0xa7, 0x0b, 0x3c, 0x98, 0x4a, 0x90, 0x45, 0xc8, 0x2c,
        0x1c,
    ];
    let steam = Otp::new(Secret::copy_of(&key), OtpKind::Steam).unwrap();
    let code = steam.generator().code(UnixSeconds(1_511_200_518));
    assert_eq!(code.text().expose().len(), 5);
    assert!(
        code.text()
            .expose()
            .bytes()
            .all(|byte| b"23456789BCDFGHJKMNPQRTVWXY".contains(&byte))
    );
}

#[test]
fn digits_refuses_nothing_and_eleven() {
    assert_eq!(Digits::new(0), Err(OtpError::Digits { got: 0 }));
    assert_eq!(Digits::new(11), Err(OtpError::Digits { got: 11 }));
    for count in 1..=10 {
        assert_eq!(u64::from(Digits::new(count).unwrap().count()), count);
    }
}

#[test]
fn period_refuses_zero_and_what_would_wrap() {
    for got_s in [0, 1 << 31, 1 << 32, u64::MAX] {
        assert_eq!(Period::new(got_s), Err(OtpError::Period { got_s }));
    }
    assert_eq!(Period::new(1).unwrap().seconds(), 1);
    assert_eq!(Period::new((1 << 31) - 1).unwrap().seconds(), Period::MAX_S);
}

#[test]
fn counter_ends_at_63_bits() {
    assert_eq!(Counter::new(1 << 63), Err(OtpError::Counter));
    let last = Counter::new((1 << 63) - 1).unwrap();
    assert_eq!(last.next(), Err(OtpError::Counter));
    assert_eq!(Counter::default().next().unwrap().value(), 1);
}

#[test]
fn key_length_is_bounded() {
    assert_eq!(
        Otp::new(Secret::new(vec![]), OtpKind::TOTP),
        Err(OtpError::EmptyKey)
    );
    assert_eq!(
        Otp::new(Secret::new(vec![1; 513]), OtpKind::TOTP),
        Err(OtpError::KeyTooLong { got_bytes: 513 })
    );
    assert!(Otp::new(Secret::new(vec![1; 512]), OtpKind::TOTP).is_ok());
}

#[test]
fn debug_shows_neither_key_nor_code() {
    let otp = Otp::new(Secret::copy_of(b"MARKEDMARKED"), OtpKind::TOTP).unwrap();
    let generator = otp.generator();
    let code = generator.code(UnixSeconds(59));
    let shown = format!("{otp:?} {generator:?} {code:?} {:?}", code.text());
    assert!(!shown.contains("MARKED"), "{shown}");
    assert!(!shown.contains(code.text().expose()), "{shown}");
}
