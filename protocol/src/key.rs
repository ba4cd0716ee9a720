//! Public keys on P-256 as JSON Web Keys (RFC 7517, RFC 7518 §6.2), and their thumbprints (RFC 7638).

use p256::elliptic_curve::sec1::FromSec1Point as _;

use crate::base64url::{self, NotBase64url};
use crate::hash::{Thumbprint, sha256};
use crate::json::{Json, Object};
use crate::stored::stored_as_text;

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
    /// The coordinates are of no point of the curve (RFC 8725 §3.4).
    #[error("not a point of the curve")]
    Point,
}

impl From<NotBase64url> for KeyError {
    fn from(_: NotBase64url) -> Self {
        Self::Coordinate
    }
}

/// A public key on P-256: a point of the curve, and not the one at infinity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublicKey {
    x: [u8; 32],
    y: [u8; 32],
}

impl PublicKey {
    /// Bytes of the uncompressed form: 4, x, y (SEC 1 §2.3.3).
    pub const POINT_BYTES: usize = 65;

    /// Reads the uncompressed form, as key stores give it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Coordinate`] for anything but 65 bytes that begin with 4, [`KeyError::Point`].
    pub fn from_point(point: &[u8]) -> Result<Self, KeyError> {
        let Some((4, coordinates)) = point.split_first() else {
            return Err(KeyError::Coordinate);
        };
        let (x, y) = coordinates
            .split_first_chunk::<32>()
            .ok_or(KeyError::Coordinate)?;
        Self::checked(*x, y.try_into().map_err(|_| KeyError::Coordinate)?)
    }

    fn checked(x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        let key = Self { x, y };
        let point = p256::Sec1Point::from_bytes(key.point()).map_err(|_| KeyError::Point)?;
        let is_on_curve = p256::AffinePoint::from_sec1_point(&point).is_some();
        bool::from(is_on_curve)
            .then_some(key)
            .ok_or(KeyError::Point)
    }

    /// The uncompressed form.
    #[must_use]
    pub fn point(&self) -> [u8; Self::POINT_BYTES] {
        let mut point = [4; Self::POINT_BYTES];
        let (_, coordinates) = point.split_at_mut(1);
        let (x, y) = coordinates.split_at_mut(32);
        x.copy_from_slice(&self.x);
        y.copy_from_slice(&self.y);
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
        Self::checked(base64url::parse_exact(x)?, base64url::parse_exact(y)?)
    }

    /// Its JSON Web Key.
    #[must_use]
    pub fn jwk(&self) -> Object {
        // In the order in which RFC 7638 §3.3 hashes them.
        Object::new()
            .with("crv", Json::Text("P-256".into()))
            .with("kty", Json::Text("EC".into()))
            .with("x", Json::Text(base64url::format(&self.x)))
            .with("y", Json::Text(base64url::format(&self.y)))
    }

    /// Its RFC 7638 SHA-256 thumbprint: the `kid` of what it signs.
    ///
    /// # Panics
    ///
    /// Never: four texts have a form in JSON.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        let jwk = self.jwk().format().expect("four texts have a form");
        Thumbprint::from_bytes(sha256(&jwk))
    }
}

stored_as_text!(
    PublicKey,
    |key| base64url::format(&key.point()),
    |text: &str| Self::from_point(&base64url::parse(text)?)
);

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
        // Computed apart, from RFC 7638 §3 and the key of RFC 7515 appendix A.3.1.
        let thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";
        assert_eq!(key.thumbprint().format(), thumbprint);
    }

    #[test]
    fn what_is_no_point_of_the_curve_is_refused() {
        let key = PublicKey::from_jwk(&Object::parse(RFC_7515).unwrap()).unwrap();
        let mut points = vec![[4; 65], key.point(), key.point(), key.point()];
        // Another y; and coordinates that are not below the field's prime.
        points[1][64] ^= 1;
        points[2][1..33].fill(0xff);
        points[3][33..].fill(0xff);
        let mut origin = [0; 65];
        origin[0] = 4;
        points.push(origin);
        for point in points {
            assert_eq!(PublicKey::from_point(&point), Err(KeyError::Point));
        }
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let twice = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"}}"#);
        assert_eq!(jwk(&twice), Err(KeyError::Point));
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
        let key = PublicKey::from_jwk(&Object::parse(RFC_7515).unwrap()).unwrap();
        let mut point = key.point();
        for length in [0, 1, 33, 64] {
            let cut = PublicKey::from_point(&point[..length]);
            assert_eq!(cut, Err(KeyError::Coordinate), "{length}");
        }
        let long = [&point[..], &[0]].concat();
        assert_eq!(PublicKey::from_point(&long), Err(KeyError::Coordinate));
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
