use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::*;

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    fn key(&self) -> PublicKey {
        PublicKey::from_point(self.0.public_key().as_ref()).unwrap()
    }

    fn sign(&self, input: &[u8]) -> Signature {
        let signature = self.0.sign(&SystemRandom::new(), input).unwrap();
        Signature::lowered(signature.as_ref()).unwrap()
    }

    fn message(&self, kind: Kind) -> Compact {
        let claims = Object::new().with("aud", Json::Text("https://example.org".into()));
        let unsigned = Unsigned::new(kind, &self.key(), &claims);
        let signature = self.sign(unsigned.signing_input());
        unsigned.signed(&signature).unwrap()
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
        let verified = received.verify(&[signer.key()]).unwrap();
        assert_eq!(verified.kind, kind);
        assert_eq!(verified.key, signer.key());
        assert_eq!(verified.compact, message);
        assert_eq!(
            verified.compact.hash(),
            Hash::of(message.as_str().as_bytes())
        );
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
                        received.verify(&[signer.key()])
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
    assert_eq!(
        parse().verify(&[other.key()]).unwrap_err(),
        EnvelopeError::UnknownKey
    );
    assert_eq!(parse().verify(&[]).unwrap_err(), EnvelopeError::UnknownKey);
    assert!(parse().verify(&[other.key(), signer.key()]).is_ok());
    // One that names another's key is signed by nobody.
    let header = format!(
        r#"{{"alg":"ES256","typ":"cs-state+jws","kid":"{}"}}"#,
        other.key().thumbprint().format()
    );
    let forged = signer.raw(&header, "{}");
    let received = Received::parse(Kind::State, &forged).unwrap();
    assert_eq!(
        received.verify(&[other.key(), signer.key()]).unwrap_err(),
        EnvelopeError::Signature
    );
    assert_eq!(
        parse().verify_with_own_key().unwrap_err(),
        EnvelopeError::UnknownKey
    );
}

#[test]
fn a_header_has_its_members_and_no_others() {
    let signer = Signer::new();
    let kid = signer.key().thumbprint().format();
    let jwk = String::from_utf8(signer.key().jwk().format()).unwrap();
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
        let claims = Object::new().with("a", Json::Text("x".repeat(kind.bytes_max())));
        let unsigned = Unsigned::new(kind, &signer.key(), &claims);
        let signature = signer.sign(unsigned.signing_input());
        let made = unsigned.signed(&signature);
        assert!(
            matches!(made, Err(EnvelopeError::TooLarge { .. })),
            "{kind:?}"
        );
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
    let unsigned = Unsigned::new(Kind::Fetch, &signer.key(), &claims);
    assert!(!format!("{unsigned:?}").contains("TUFSS0VE"));
    let signature = signer.sign(unsigned.signing_input());
    let message = unsigned.signed(&signature).unwrap();
    let received = Received::parse(Kind::Fetch, message.as_str()).unwrap();
    let shown = format!("{message:?} {received:?}");
    let verified = received.verify(&[signer.key()]).unwrap();
    let shown = format!("{shown} {verified:?}");
    let marked = base64url::format(b"MARKED");
    assert!(
        !shown.contains("MARKED") && !shown.contains(&marked),
        "{shown}"
    );
    let header = r#"{"alg":"MARKED","typ":"MARKED","kid":"MARKED","MARKED":"MARKED"}"#;
    let error = refused(Kind::Fetch, &signer.raw(header, "{\"MARKED\":x}"));
    assert!(!format!("{error:?} {error}").contains("MARKED"));
}
