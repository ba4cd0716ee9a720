use super::*;
use crate::signer::Signer;

impl Signer {
    fn message(&self, kind: Kind) -> Compact {
        let claims = Object::new().with("aud", Json::Text("https://example.org".into()));
        self.says(kind, &claims)
    }

    /// A message with any header and claims, signed as it stands.
    fn raw(&self, header: &str, claims: &str) -> String {
        let input = format!(
            "{}.{}",
            base64url::format(header.as_bytes()),
            base64url::format(claims.as_bytes())
        );
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", base64url::format(signature.bytes()))
    }
}

/// A role that signs messages of this kind.
const fn role(kind: Kind) -> Role {
    match kind {
        Kind::Account | Kind::State | Kind::Statement | Kind::Receipt => Role::Server,
        Kind::Answer | Kind::Move => Role::Approval,
        _ => Role::Device,
    }
}

fn refused(kind: Kind, text: &str) -> EnvelopeError {
    Received::parse(kind, text).map(|_| ()).unwrap_err()
}

#[test]
fn every_kind_is_read_by_its_reader_and_by_no_other() {
    let signer = Signer::new();
    for kind in Kind::ALL {
        let message = signer.message(kind);
        let received = Received::parse(kind, message.as_str()).unwrap();
        assert_eq!(received.key_id(), signer.key().thumbprint());
        let verified = received.verify([(role(kind), &signer.key())]).unwrap();
        assert_eq!((verified.kind(), verified.role()), (kind, role(kind)));
        assert_eq!(verified.key(), &signer.key());
        assert_eq!(verified.compact(), &message);
        let aud = Json::Text("https://example.org".into());
        assert!(verified.claims().get("aud") == Some(&aud));
        assert_eq!(message.hash(), MessageHash::of(message.as_str()));
        let stored = Compact::from_stored(kind, message.as_str());
        assert_eq!(stored.as_ref(), Ok(&message));
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            let expected = match (kind, other) {
                (Kind::Enrol, _) | (_, Kind::Enrol) => EnvelopeError::HeaderMembers,
                _ => EnvelopeError::Kind,
            };
            assert_eq!(
                refused(other, message.as_str()),
                expected,
                "{kind:?} {other:?}"
            );
        }
    }
}

#[test]
fn each_byte_that_is_flipped_is_refused() {
    let signer = Signer::new();
    for kind in [Kind::Enrol, Kind::Answer] {
        let message = signer.message(kind);
        for at in 0..message.as_str().len() {
            for mask in [1_u8, 2, 4, 8, 16, 32, 64] {
                let mut bytes = message.as_str().as_bytes().to_vec();
                bytes[at] ^= mask;
                let text = String::from_utf8(bytes).unwrap();
                let verified = Received::parse(kind, &text).and_then(|received| {
                    // With its own key where it brings one: a flip there makes another key, which did not sign.
                    if kind == Kind::Enrol {
                        received.verify_with_own_key()
                    } else {
                        received.verify([(role(kind), &signer.key())])
                    }
                });
                assert!(verified.is_err(), "{kind:?} byte {at} mask {mask}");
            }
        }
    }
}

#[test]
fn only_the_key_that_is_named_counts() {
    let (signer, other) = (Signer::new(), Signer::new());
    let message = signer.message(Kind::State);
    let parse = || Received::parse(Kind::State, message.as_str()).unwrap();
    let by = |signers: &[&Signer]| {
        let keys: Vec<PublicKey> = signers.iter().map(|signer| signer.key()).collect();
        parse().verify(keys.iter().map(|key| (Role::Server, key)))
    };
    assert_eq!(by(&[&other]).unwrap_err(), EnvelopeError::UnknownKey);
    assert_eq!(by(&[]).unwrap_err(), EnvelopeError::UnknownKey);
    assert!(by(&[&other, &signer]).is_ok());
    // One that names another's key is signed by nobody.
    let header = format!(
        r#"{{"alg":"ES256","typ":"cs-state+jws","kid":"{}"}}"#,
        other.key().thumbprint().format()
    );
    let forged = signer.raw(&header, "{}");
    let received = Received::parse(Kind::State, &forged).unwrap();
    let keys = [(Role::Server, &other.key()), (Role::Server, &signer.key())];
    assert_eq!(received.verify(keys).unwrap_err(), EnvelopeError::Signature);
    assert_eq!(
        parse().verify_with_own_key().unwrap_err(),
        EnvelopeError::UnknownKey
    );
}

#[test]
fn a_key_signs_the_messages_of_its_role_and_no_others() {
    use Role::{Approval, Device, Server};
    let signer = Signer::new();
    for kind in Kind::ALL {
        let expected: &[Role] = match kind {
            Kind::Account | Kind::State | Kind::Statement | Kind::Receipt => &[Server],
            Kind::Answer => &[Device, Approval],
            Kind::Move => &[Approval],
            _ => &[Device],
        };
        let message = signer.message(kind);
        for role in [Device, Approval, Server] {
            let received = Received::parse(kind, message.as_str()).unwrap();
            let error = received.verify([(role, &signer.key())]).err();
            let refusal = (!expected.contains(&role)).then_some(EnvelopeError::Role);
            assert_eq!(error, refusal, "{kind:?} by {role:?}");
        }
    }
}

#[test]
fn a_signature_of_another_key_makes_no_message() {
    let (signer, other) = (Signer::new(), Signer::new());
    let unsigned = Unsigned::new(Kind::Answer, &signer.key(), &Object::new()).unwrap();
    for wrong in [
        other.sign(unsigned.signing_input()),
        signer.sign(b"something else"),
    ] {
        assert_eq!(unsigned.signed(&wrong), Err(EnvelopeError::Signature));
    }
    // Asked again, the right key may still sign.
    let right = signer.sign(unsigned.signing_input());
    assert!(unsigned.signed(&right).is_ok());
}

fn bringing(keys: &[&Signer]) -> Object {
    let keys = keys.iter().map(|key| Json::Object(key.key().jwk()));
    Object::new().with("keys", Json::List(keys.collect()))
}

/// Why a first account document of this signer is refused.
fn first_account(
    signer: &Signer,
    claims: &Object,
    pinned: Option<&Thumbprint>,
) -> Option<EnvelopeError> {
    let message = signer.says(Kind::Account, claims);
    let received = Received::parse(Kind::Account, message.as_str()).unwrap();
    received.verify_first_account(pinned).err()
}

#[test]
fn the_first_account_document_is_signed_by_the_pinned_key_of_its_own_list() {
    let (signer, other) = (Signer::new(), Signer::new());
    let (pinned, not_pinned) = (signer.key().thumbprint(), other.key().thumbprint());
    let unknown = Some(EnvelopeError::UnknownKey);
    for claims in [bringing(&[&signer]), bringing(&[&other, &signer])] {
        assert_eq!(first_account(&signer, &claims, Some(&pinned)), None);
        assert_eq!(first_account(&signer, &claims, None), None);
        assert_eq!(first_account(&signer, &claims, Some(&not_pinned)), unknown);
    }
    let without = bringing(&[&other]);
    assert_eq!(first_account(&signer, &without, Some(&pinned)), unknown);
    assert_eq!(first_account(&signer, &without, None), unknown);
    // No other message brings its own keys.
    let state = signer.says(Kind::State, &bringing(&[&signer]));
    let received = Received::parse(Kind::State, state.as_str()).unwrap();
    assert_eq!(received.verify_first_account(None).err(), unknown);
}

#[test]
fn an_account_document_brings_one_to_four_keys_each_once() {
    let signer = Signer::new();
    let others: Vec<Signer> = (0..4).map(|_| Signer::new()).collect();
    let with = |count: usize| {
        let others = others.iter().take(count);
        bringing(&others.chain([&signer]).collect::<Vec<_>>())
    };
    assert_eq!(first_account(&signer, &with(3), None), None);
    for claims in [
        bringing(&[]),
        with(4),
        bringing(&[&signer, &signer]),
        Object::new(),
        Object::new().with("keys", Json::Object(signer.key().jwk())),
        Object::new().with("keys", Json::List(vec![Json::Null])),
    ] {
        let refused = first_account(&signer, &claims, None);
        assert_eq!(refused, Some(EnvelopeError::ServerKeys));
    }
    let no_key = Object::new().with("keys", Json::List(vec![Json::Object(Object::new())]));
    assert_eq!(
        first_account(&signer, &no_key, None),
        Some(EnvelopeError::Key(KeyError::Members))
    );
}

#[test]
fn a_header_has_its_members_and_no_others() {
    let signer = Signer::new();
    let kid = signer.key().thumbprint().format();
    let jwk = String::from_utf8(signer.key().jwk().format().unwrap()).unwrap();
    let refused = |kind, header: &str| {
        let header = header.replace("KID", &kid).replace("JWK", &jwk);
        self::refused(kind, &signer.raw(&header, "{}"))
    };
    for (header, expected) in [
        (
            r#"{"alg":"ES256","typ":"cs-state+jws"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","kid":"KID"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":"KID","crit":["b64"]}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":"KID","jku":"https://a.example"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":"KID","jwk":JWK}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":"KID","x":1}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":["ES256"],"typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"none","typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::Algorithm,
        ),
        (
            r#"{"alg":"HS256","typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::Algorithm,
        ),
        (
            r#"{"alg":"es256","typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::Algorithm,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-State+jws","kid":"KID"}"#,
            EnvelopeError::Kind,
        ),
        (
            r#"{"alg":"ES256","typ":"JWT","kid":"KID"}"#,
            EnvelopeError::Kind,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":"KIDA"}"#,
            EnvelopeError::KeyId,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-state+jws","kid":""}"#,
            EnvelopeError::KeyId,
        ),
        (
            r#"{"alg":"ES256","alg":"ES256","typ":"cs-state+jws","kid":"KID"}"#,
            EnvelopeError::HeaderJson(JsonError::DuplicateMember),
        ),
        ("[]", EnvelopeError::HeaderJson(JsonError::NotAnObject)),
        ("", EnvelopeError::HeaderJson(JsonError::Syntax)),
    ] {
        assert_eq!(refused(Kind::State, header), expected, "{header}");
    }
    for (header, expected) in [
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID"}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID","jwk":"JWK"}"#
                .replace("\"JWK\"", "7")
                .as_str(),
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID","jwk":JWK,"crit":["b64"]}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID","jwk":JWK,"x5c":[]}"#,
            EnvelopeError::HeaderMembers,
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID","jwk":{"kty":"EC","crv":"P-256","x":"","y":"","d":""}}"#,
            EnvelopeError::Key(KeyError::Members),
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"KID","jwk":{}}"#,
            EnvelopeError::Key(KeyError::Members),
        ),
        (
            r#"{"alg":"ES256","typ":"cs-enrol+jws","kid":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","jwk":JWK}"#,
            EnvelopeError::KeyId,
        ),
    ] {
        assert_eq!(refused(Kind::Enrol, header), expected, "{header}");
    }
}

#[test]
fn the_form_is_checked_in_its_order() {
    let signer = Signer::new();
    let message = signer.message(Kind::Fetch);
    let text = message.as_str();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    for broken in ["", ".", "a", "a.b", &format!("{text}.a"), signed] {
        assert_eq!(
            refused(Kind::Fetch, broken),
            EnvelopeError::Parts,
            "{broken}"
        );
    }
    for broken in [
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        format!("{signed}.+{signature}"),
    ] {
        assert_eq!(refused(Kind::Fetch, &broken), EnvelopeError::Base64url);
    }
    let short = format!("{signed}.{}", base64url::format(&[1; 63]));
    assert_eq!(
        refused(Kind::Fetch, &short),
        EnvelopeError::SignatureForm(SignatureError::Form)
    );
    let header = base64url::format(b"{}");
    let nothing = format!("{header}..{signature}");
    assert_eq!(refused(Kind::Fetch, &nothing), EnvelopeError::HeaderMembers);
    let header = text.split('.').next().unwrap();
    for (claims, error) in [
        ("", JsonError::Syntax),
        ("[]", JsonError::NotAnObject),
        (r#"{"a":1.5}"#, JsonError::Number),
        (r#"{"a":1,"a":1}"#, JsonError::DuplicateMember),
    ] {
        let claims = base64url::format(claims.as_bytes());
        let broken = format!("{header}.{claims}.{signature}");
        assert_eq!(
            refused(Kind::Fetch, &broken),
            EnvelopeError::ClaimsJson(error)
        );
    }
}

#[test]
fn a_message_above_its_size_is_refused_before_it_is_read_and_where_it_is_made() {
    let signer = Signer::new();
    for kind in Kind::ALL {
        let max_bytes = u64::try_from(kind.bytes_max()).unwrap();
        let too_large = EnvelopeError::TooLarge {
            got_bytes: max_bytes + 1,
            max_bytes,
        };
        // Not even dots are looked for.
        let letters = |count| "x".repeat(count);
        assert_eq!(refused(kind, &letters(kind.bytes_max() + 1)), too_large);
        assert_eq!(
            refused(kind, &letters(kind.bytes_max())),
            EnvelopeError::Parts
        );
        let claims = |count| Object::new().with("a", Json::Text(letters(count)));
        let made = |count| Unsigned::new(kind, &signer.key(), &claims(count));
        let coarse = (0..kind.bytes_max()).step_by(97);
        let fits = coarse.take_while(|count| made(*count).is_ok()).last();
        let largest = (fits.unwrap()..)
            .take_while(|count| made(*count).is_ok())
            .last()
            .unwrap();
        let message = signer.says(kind, &claims(largest));
        // Three bytes are four characters: the largest is at most so far from the limit.
        assert!(message.as_str().len() + 4 > kind.bytes_max(), "{kind:?}");
        assert!(Received::parse(kind, message.as_str()).is_ok());
        let refused = made(largest + 1).err();
        assert!(
            matches!(refused, Some(EnvelopeError::TooLarge { .. })),
            "{kind:?}"
        );
    }
    let unwritable = Object::new().with("a", Json::Integer(i64::MAX));
    assert_eq!(
        Unsigned::new(Kind::Fetch, &signer.key(), &unwritable).err(),
        Some(EnvelopeError::ClaimsJson(JsonError::Number))
    );
}

#[test]
fn of_two_faults_the_first_of_the_order_is_named() {
    let signer = Signer::new();
    let kid = signer.key().thumbprint().format();
    let header = format!(r#"{{"alg":"ES256","typ":"cs-state+jws","kid":"{kid}"}}"#);
    let good = base64url::format(header.as_bytes());
    let [bad, not_text] = [&b"{"[..], b"\xff"].map(base64url::format);
    let [short, whole] = [63, 64].map(|length| base64url::format(&vec![1; length]));
    for (text, expected) in [
        (format!("{bad}.{bad}.="), EnvelopeError::Base64url),
        (
            format!("{bad}.{bad}.{short}"),
            EnvelopeError::HeaderJson(JsonError::Syntax),
        ),
        (
            format!("{not_text}.{not_text}.{short}"),
            EnvelopeError::HeaderJson(JsonError::Syntax),
        ),
        (
            format!("{good}.{bad}.{short}"),
            EnvelopeError::SignatureForm(SignatureError::Form),
        ),
        (
            format!("{good}.{bad}.{whole}"),
            EnvelopeError::ClaimsJson(JsonError::Syntax),
        ),
        (
            format!("{good}.{not_text}.{whole}"),
            EnvelopeError::ClaimsJson(JsonError::Syntax),
        ),
    ] {
        assert_eq!(refused(Kind::State, &text), expected, "{text}");
    }
}

#[test]
fn the_other_form_of_a_signature_is_no_second_message() {
    let signer = Signer::new();
    let message = signer.message(Kind::Answer);
    let (signed, signature) = message.as_str().rsplit_once('.').unwrap();
    let mut high: [u8; 64] = base64url::parse_exact(signature).unwrap();
    // s of a low signature made high: n - s, with n of SEC 2 §2.4.2 in two halves.
    let order = [
        0xffff_ffff_0000_0000_ffff_ffff_ffff_ffff_u128,
        0xbce6_faad_a717_9e84_f3b9_cac2_fc63_2551,
    ];
    let half = |at: usize| u128::from_be_bytes(high[at..at + 16].try_into().unwrap());
    let (low, borrow) = order[1].overflowing_sub(half(48));
    let upper = order[0] - half(32) - u128::from(borrow);
    high[32..48].copy_from_slice(&upper.to_be_bytes());
    high[48..].copy_from_slice(&low.to_be_bytes());
    let other = format!("{signed}.{}", base64url::format(&high));
    assert_eq!(
        refused(Kind::Answer, &other),
        EnvelopeError::SignatureForm(SignatureError::HighS)
    );
}

#[test]
fn nothing_of_a_message_is_shown() {
    let signer = Signer::new();
    let claims = Object::new().with("user", Json::Text("MARKED".into()));
    let unsigned = Unsigned::new(Kind::Fetch, &signer.key(), &claims).unwrap();
    let message = signer.says(Kind::Fetch, &claims);
    let received = Received::parse(Kind::Fetch, message.as_str()).unwrap();
    let shown = format!("{unsigned:?} {message:?} {received:?}");
    let verified = received.verify([(Role::Device, &signer.key())]).unwrap();
    let shown = format!("{shown} {verified:?}");
    let encoded = message.as_str().split('.').nth(1).unwrap();
    assert!(!shown.contains("MARKED") && !shown.contains(encoded));
    // Each refusal of something that is marked.
    let kid = signer.key().thumbprint().format();
    let fetch = r#"{"alg":"ES256","typ":"cs-fetch+jws","kid":"KID"}"#;
    for (header, claims) in [
        (r#"{"MARKED":x}"#, "{}"),
        (r#"{"MARKED":"MARKED"}"#, "{}"),
        (&fetch.replace("ES256", "MARKED"), "{}"),
        (&fetch.replace("cs-fetch+jws", "MARKED"), "{}"),
        (&fetch.replace("KID", "MARKED"), "{}"),
        (fetch, r#"{"MARKED":x}"#),
        (fetch, r#"{"MARKED":1,"MARKED":1}"#),
    ] {
        let text = signer.raw(&header.replace("KID", &kid), claims);
        let error = refused(Kind::Fetch, &text);
        assert!(!format!("{error:?} {error}").contains("MARKED"));
    }
}

#[test]
fn what_was_sealed_is_taken_back_for_the_key_that_it_names() {
    let (signer, other) = (Signer::new(), Signer::new());
    let message = signer.says(Kind::Receipt, &Object::new());
    let received = || Received::parse(Kind::Receipt, message.as_str()).unwrap();
    let taken = received()
        .from_own_seal(Role::Server, &signer.key())
        .unwrap();
    assert!(taken.compact() == &message && *taken.key() == signer.key());
    let taken = |role, key: &PublicKey| received().from_own_seal(role, key).err();
    assert_eq!(
        taken(Role::Server, &other.key()),
        Some(EnvelopeError::UnknownKey)
    );
    assert_eq!(
        taken(Role::Device, &signer.key()),
        Some(EnvelopeError::Role)
    );
}
