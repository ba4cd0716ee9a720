//! Public keys on P-256 as JSON Web Keys (RFC 7517, RFC 7518 §6.2), and their thumbprints (RFC 7638).

use std::fmt;

use ring::digest::{SHA256, digest};

use crate::base64url::{self, NotBase64url};
use crate::json::{Json, Object};

/// Why a key was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// It has not exactly the members `kty`, `crv`, `x` and `y`, each a text.
    #[error("a key has exactly kty, crv, x and y")]
    Members,
    /// It is not an EC key on P-256.
    #[error("not a key on P-256")]
    Curve,
    /// A coordinate is not 32 bytes in base64url.
    #[error("a coordinate is not 32 bytes in base64url")]
    Coordinate,
}

impl From<NotBase64url> for KeyError {
    fn from(_: NotBase64url) -> Self {
        Self::Coordinate
    }
}

/// A SHA-256 hash: of a message's compact bytes, of a nonce, of a key. As text 43 base64url characters.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    /// A hash that was made elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 43 base64url characters.
    ///
    /// # Errors
    ///
    /// [`NotBase64url`].
    pub fn parse(text: &str) -> Result<Self, NotBase64url> {
        base64url::parse_exact(text).map(Self)
    }

    /// Its 43 characters.
    #[must_use]
    pub fn format(&self) -> String {
        base64url::format(&self.0)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.format())
    }
}

/// A public key on P-256. That its coordinates are a point of the curve shows when a signature is checked with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublicKey {
    x: Hash,
    y: Hash,
}

impl PublicKey {
    /// Bytes of the uncompressed form: 4, x, y (SEC 1 §2.3.3).
    pub const POINT_BYTES: usize = 65;

    /// Reads the uncompressed form, as key stores give it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Coordinate`] for anything but 65 bytes that begin with 4.
    pub fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let Some((4, coordinates)) = point.split_first() else {
            return Err(KeyError::Coordinate);
        };
        let (x, y) = coordinates
            .split_first_chunk::<32>()
            .ok_or(KeyError::Coordinate)?;
        Ok(Self {
            x: Hash(*x),
            y: Hash(y.try_into().map_err(|_| KeyError::Coordinate)?),
        })
    }

    /// The uncompressed form.
    #[must_use]
    pub fn point(&self) -> [u8; Self::POINT_BYTES] {
        let mut point = [4; Self::POINT_BYTES];
        let (_, coordinates) = point.split_at_mut(1);
        let (x, y) = coordinates.split_at_mut(32);
        x.copy_from_slice(self.x.bytes());
        y.copy_from_slice(self.y.bytes());
        point
    }

    /// Reads a JSON Web Key that has the four members and no other.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn from_jwk(jwk: &Object) -> Result<Self, KeyError> {
        let member = |name| match jwk.get(name) {
            Some(Json::Text(text)) => Ok(text.as_str()),
            _ => Err(KeyError::Members),
        };
        let (kty, crv, x, y) = (member("kty")?, member("crv")?, member("x")?, member("y")?);
        // Each is there, and no name is there twice: four names are these four.
        if jwk.names().count() != 4 {
            return Err(KeyError::Members);
        }
        if (kty, crv) != ("EC", "P-256") {
            return Err(KeyError::Curve);
        }
        Ok(Self {
            x: Hash::parse(x)?,
            y: Hash::parse(y)?,
        })
    }

    /// Its JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Object {
        // In the order in which RFC 7638 §3.3 hashes them.
        Object::new()
            .with("crv", Json::Text("P-256".into()))
            .with("kty", Json::Text("EC".into()))
            .with("x", Json::Text(self.x.format()))
            .with("y", Json::Text(self.y.format()))
    }

    /// Its RFC 7638 SHA-256 thumbprint: the `kid` of what it signs.
    #[must_use]
    pub fn thumbprint(&self) -> Hash {
        Hash::of(&self.jwk().format())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.3.1.
    const RFC_7515: &[u8] = br#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn jwk(document: &str) -> Result<PublicKey, KeyError> {
        PublicKey::from_jwk(&Object::parse(document.as_bytes()).unwrap())
    }

    #[test]
    fn a_key_reads_what_it_writes() {
        let key = PublicKey::from_jwk(&Object::parse(RFC_7515).unwrap()).unwrap();
        assert_eq!(PublicKey::from_jwk(&key.jwk()), Ok(key));
        assert_eq!(PublicKey::from_point(&key.point()), Ok(key));
        assert_eq!(key.point()[..2], [4, 0x7f]);
    }

    #[test]
    fn the_thumbprint_is_over_the_four_members_in_their_order() {
        let key = PublicKey::from_jwk(&Object::parse(RFC_7515).unwrap()).unwrap();
        let hashed = br#"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        assert_eq!(key.thumbprint(), Hash::of(hashed));
        assert_eq!(key.thumbprint().format().len(), 43);
    }

    #[test]
    fn other_members_and_curves_are_refused() {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let of = |members: &str| jwk(&members.replace('X', x));
        for members in [
            r#"{"kty":"EC","crv":"P-256","x":"X"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"X","y":7}"#,
            r#"{"kty":"EC","crv":"P-256","x":"X","y":"X","kid":"a"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"X","y":"X","d":"X"}"#,
            "{}",
        ] {
            assert_eq!(of(members), Err(KeyError::Members), "{members}");
        }
        for members in [
            r#"{"kty":"EC","crv":"P-384","x":"X","y":"X"}"#,
            r#"{"kty":"OKP","crv":"P-256","x":"X","y":"X"}"#,
            r#"{"kty":"ec","crv":"P-256","x":"X","y":"X"}"#,
        ] {
            assert_eq!(of(members), Err(KeyError::Curve), "{members}");
        }
        for members in [
            r#"{"kty":"EC","crv":"P-256","x":"X","y":"XA"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"X","y":""}"#,
            r#"{"kty":"EC","crv":"P-256","x":"X=","y":"X"}"#,
        ] {
            assert_eq!(of(members), Err(KeyError::Coordinate), "{members}");
        }
    }

    #[test]
    fn only_the_uncompressed_form_is_read() {
        let mut point = [4; 65];
        assert!(PublicKey::from_point(&point).is_ok());
        for length in [0, 1, 33, 64] {
            let cut = PublicKey::from_point(&point[..length]);
            assert_eq!(cut, Err(KeyError::Coordinate), "{length}");
        }
        assert_eq!(PublicKey::from_point(&[4; 66]), Err(KeyError::Coordinate));
        for first in [0, 2, 3, 5, 6, 7] {
            point[0] = first;
            let other = PublicKey::from_point(&point);
            assert_eq!(other, Err(KeyError::Coordinate), "{first}");
        }
    }

    #[test]
    fn no_error_shows_a_key() {
        let error =
            jwk(r#"{"kty":"MARKED","crv":"MARKED","x":"MARKED","y":"MARKED"}"#).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("MARKED"));
    }
}
