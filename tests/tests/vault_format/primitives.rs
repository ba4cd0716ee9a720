//! The standards' functions, without a line of the vault's code.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{digest, hmac};
use x25519_dalek::{PublicKey, StaticSecret};

pub(crate) fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    digest::digest(&digest::SHA256, &parts.concat())
        .as_ref()
        .to_vec()
}

/// The first block of HKDF-SHA256, written out (RFC 5869 §2.2 and §2.3).
pub(crate) fn hkdf(ikm: &[u8], salt: &[u8], info: &[u8]) -> Vec<u8> {
    let mac = |key: &[u8], text: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text).as_ref().to_vec()
    };
    mac(&mac(salt, ikm), &[info, &[1]].concat())
}

/// Ciphertext and tag.
pub(crate) fn seal(key: &[u8], nonce: &[u8], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut body)
        .unwrap();
    body
}

pub(crate) fn public_key(private: &[u8]) -> Vec<u8> {
    let private = StaticSecret::from(<[u8; 32]>::try_from(private).unwrap());
    PublicKey::from(&private).to_bytes().to_vec()
}

pub(crate) fn shared_secret(private: &[u8], public: &[u8]) -> Vec<u8> {
    let private = StaticSecret::from(<[u8; 32]>::try_from(private).unwrap());
    let public = PublicKey::from(<[u8; 32]>::try_from(public).unwrap());
    private.diffie_hellman(&public).to_bytes().to_vec()
}

/// Argon2id, version 0x13, 64 MiB, three passes, one lane, 32 bytes (RFC 9106).
pub(crate) fn argon2id(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let params = argon2::Params::new(65_536, 3, 1, Some(32)).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut tag = vec![0; 32];
    argon2.hash_password_into(password, salt, &mut tag).unwrap();
    tag
}
