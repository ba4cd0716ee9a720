use super::*;
use crate::secret::TypedSecret;
use crate::signer::Signer;

const SERVER: &str = "https://login.example.org";

fn secret(digits: &[u8]) -> InvitationSecret {
    InvitationSecret::Typed(TypedSecret::parse(digits).unwrap())
}

fn enrol(device: &Signer, approval: &Signer) -> Enrol {
    let commitment = Commitment::from_bytes([3; 32]);
    let proven = Proven {
        device: &device.key().thumbprint(),
        approval: &approval.key().thumbprint(),
        commitment: &commitment,
    };
    Enrol {
        audience: SERVER.to_owned(),
        invitation: InvitationChoice::Typed(7),
        proof: Proof::new(&secret(b"1234567890123"), &proven),
        commitment,
        approval_key: approval.key(),
        approval_protection: Protection::Hardware,
        presence: Presence::EachUse,
        device: Device {
            name: "Pixel".into(),
            platform: "Android 15".into(),
            app: "Countersign 1.0".into(),
            protection: Protection::Hardware,
        },
        capabilities: vec![Capability::Scan, Capability::Otp],
        attestation: Some(Attestation {
            device: "AAAA".into(),
            approve: "BBBB".into(),
        }),
        made_at: Timestamp::new(1_800_000_000).unwrap(),
        id: Id::from_bytes([5; 16]),
    }
}

fn read_by(signer: &Signer, claims: &Object) -> Result<ReadEnrol, ClaimError> {
    let message = signer.says(Kind::Enrol, claims);
    let received = crate::envelope::Received::parse(Kind::Enrol, message.as_str()).unwrap();
    Enrol::read(&received.verify_with_own_key().unwrap(), SERVER)
}

fn version_1(read: Result<ReadEnrol, ClaimError>) -> Enrol {
    match read {
        Ok(ReadEnrol::Version1(enrol)) => *enrol,
        other => panic!("{other:?}"),
    }
}

fn refused(name: &str, value: Option<&str>) -> Option<ClaimError> {
    let (device, approval) = (Signer::new(), Signer::new());
    let claims = enrol(&device, &approval).to_claims().changed(name, value);
    read_by(&device, &claims).err()
}

#[test]
fn an_enrolment_is_read_as_it_was_written() {
    let (device, approval) = (Signer::new(), Signer::new());
    for invitation in [
        InvitationChoice::Typed(0),
        InvitationChoice::Typed(999),
        InvitationChoice::Scanned(Id::from_bytes([9; 16])),
    ] {
        for attestation in [None, enrol(&device, &approval).attestation] {
            let written = Enrol {
                invitation,
                attestation,
                ..enrol(&device, &approval)
            };
            let claims = written.to_claims();
            let read = version_1(read_by(&device, &claims));
            assert!(read.to_claims() == claims);
            assert!(read.invitation == invitation);
        }
    }
}

#[test]
fn a_proof_is_of_the_invitation_and_of_the_key_that_signed() {
    let (device, approval, other) = (Signer::new(), Signer::new(), Signer::new());
    let claims = enrol(&device, &approval).to_claims();
    let read = version_1(read_by(&device, &claims));
    let key = device.key().thumbprint();
    assert!(read.is_proven(&secret(b"1234567890123"), &key));
    assert!(!read.is_proven(&secret(b"1234567890124"), &key));
    // Somebody who saw it and signs it with a key of their own proves nothing.
    let stolen = version_1(read_by(&other, &claims));
    assert!(!stolen.is_proven(&secret(b"1234567890123"), &other.key().thumbprint()));
}

#[test]
fn both_keys_are_never_one() {
    let device = Signer::new();
    let claims = enrol(&device, &device).to_claims();
    let refused = read_by(&device, &claims).err();
    assert_eq!(refused, Some(ClaimError::Form { name: "approve" }));
}

#[test]
fn relay_from_another_url_is_refused_before_all_else() {
    let audience = refused("aud", Some(r#""https://evil.example""#));
    assert_eq!(audience, Some(ClaimError::Audience));
    let (device, approval) = (Signer::new(), Signer::new());
    let claims = enrol(&device, &approval).to_claims();
    let claims = claims
        .changed("aud", Some(r#""https://evil.example""#))
        .changed("v", Some("[2]"));
    assert_eq!(read_by(&device, &claims).err(), Some(ClaimError::Audience));
}

#[test]
fn another_version_is_said_and_nothing_else_of_it_is_read() {
    let device = Signer::new();
    let claims = Object::new()
        .with("aud", Json::Text(SERVER.into()))
        .with("v", Json::List(vec![Json::Integer(2), Json::Integer(3)]));
    let read = read_by(&device, &claims).unwrap();
    assert!(matches!(read, ReadEnrol::OtherVersions { newest: 3 }));
    assert_eq!(refused("v", Some("[2,1]")), None);
    for wrong in ["[]", "1", "[0]", "[-1]", "[\"1\"]", "[1,2,3,4,5,6,7,8,9]"] {
        let expected = Some(ClaimError::Form { name: "v" });
        assert_eq!(refused("v", Some(wrong)), expected, "{wrong}");
    }
}

#[test]
fn each_claim_is_needed_and_named() {
    for name in [
        "v", "aud", "inv", "proof", "commit", "approve", "device", "caps", "iat", "jti",
    ] {
        assert_eq!(refused(name, None), Some(ClaimError::Missing { name }));
        for wrong in ["null", "true", "{}", "-1", r#""""#] {
            let expected = Some(ClaimError::Form { name });
            assert_eq!(refused(name, Some(wrong)), expected, "{name}: {wrong}");
        }
    }
    assert_eq!(refused("attestation", None), None);
}

#[test]
fn an_invitation_is_an_id_or_three_digits() {
    for wrong in ["12", "1234", "12a", "+12", "AAAAAAAAAAAAAAAAAAAAA", "١٢٣"] {
        let expected = Some(ClaimError::Form { name: "inv" });
        let value = format!("\"{wrong}\"");
        assert_eq!(refused("inv", Some(&value)), expected, "{wrong}");
    }
}

#[test]
fn what_a_device_is_has_limits() {
    let device = |name: usize, platform: usize, app: usize| {
        let [name, platform, app] = [name, platform, app].map(|count| "x".repeat(count));
        format!(
            r#"{{"name":"{name}","platform":"{platform}","app":"{app}","protection":"software"}}"#
        )
    };
    assert_eq!(refused("device", Some(&device(64, 32, 32))), None);
    let expected = Some(ClaimError::Form { name: "device" });
    for (name, platform, app) in [(65, 1, 1), (1, 33, 1), (1, 1, 33), (0, 1, 1), (1, 0, 1)] {
        let device = device(name, platform, app);
        assert_eq!(refused("device", Some(&device)), expected);
    }
    let strange = device(1, 1, 1).replace("software", "paper");
    assert_eq!(refused("device", Some(&strange)), expected);
}

#[test]
fn a_capability_is_said_once_and_an_unknown_one_is_left_out() {
    let (device, approval) = (Signer::new(), Signer::new());
    let claims = enrol(&device, &approval).to_claims();
    let with = |caps: &str| read_by(&device, &claims.changed("caps", Some(caps)));
    assert_eq!(version_1(with("[]")).capabilities, []);
    let read = version_1(with(r#"["offline","holograms"]"#));
    assert_eq!(read.capabilities, [Capability::Offline]);
    for wrong in [r#"["scan","scan"]"#, "[1]", r#"[""]"#, r#""scan""#] {
        let error = with(wrong).err();
        assert_eq!(error, Some(ClaimError::Form { name: "caps" }), "{wrong}");
    }
}

#[test]
fn an_attestation_has_both_keys_and_fits() {
    let expected = Some(ClaimError::Form {
        name: "attestation",
    });
    let of = |count: usize| format!(r#"{{"device":"A","approve":"{}"}}"#, "B".repeat(count));
    assert_eq!(
        refused("attestation", Some(&of(ATTESTATION_BYTES_MAX))),
        None
    );
    let long = of(ATTESTATION_BYTES_MAX + 1);
    for wrong in [
        r#"{"device":"A"}"#,
        r#"{"approve":"A"}"#,
        "null",
        "\"A\"",
        &long,
    ] {
        assert_eq!(refused("attestation", Some(wrong)), expected);
    }
}

#[test]
fn nothing_of_it_is_shown() {
    let (device, approval) = (Signer::new(), Signer::new());
    let enrol = enrol(&device, &approval);
    let shown = format!("{enrol:?}");
    for hidden in ["Pixel", "Android", SERVER, &enrol.proof.format()] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
