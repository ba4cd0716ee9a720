//! Writing an account as a link, in the one form that every known reader understands.

use super::otpauth::is_steam;
use crate::account::Account;
use crate::encoding::{base32, percent};
use crate::otp::OtpKind;
use crate::secret::SecretText;

/// Writes the account as an `otpauth` link: RFC 3986 encoding of everything outside `unreserved`,
/// unpadded upper-case secret, all parameters spelt out because several readers guess otherwise.
///
/// Reading it back gives the same account, if its names are normalised and `label_issuer` stands
/// only where it differs from the issuer.
#[must_use]
pub fn format_otpauth(account: &Account) -> SecretText {
    let kind = account.otp.kind();
    // EXPOSE: the link is the export of the key.
    let secret = base32::encode(account.otp.key().expose());
    let prefix = account.label_issuer.as_ref().unwrap_or(&account.issuer);
    // Room for every byte of the names as an escape, so that the link never moves and leaves a copy.
    let names_bytes =
        prefix.as_str().len() + account.issuer.as_str().len() + account.account.as_str().len();
    let mut link = String::with_capacity(secret.expose().len() + 3 * names_bytes + 128);
    link.push_str("otpauth://");
    link.push_str(kind.name());
    link.push('/');
    percent::encode_into(&mut link, prefix.as_str());
    if !prefix.is_empty() || account.account.as_str().contains(':') {
        link.push(':');
    }
    percent::encode_into(&mut link, account.account.as_str());
    link.push_str("?secret=");
    // EXPOSE: the link is the export of the key.
    link.push_str(secret.expose());
    if !account.issuer.is_empty() {
        link.push_str("&issuer=");
        percent::encode_into(&mut link, account.issuer.as_str());
    }
    push_parameters(&mut link, account);
    SecretText::new(link)
}

fn push_parameters(link: &mut String, account: &Account) {
    let kind = account.otp.kind();
    let mut push = |name: &str, value: &str| {
        link.push('&');
        link.push_str(name);
        link.push('=');
        link.push_str(value);
    };
    match kind {
        OtpKind::Steam => {}
        OtpKind::Totp {
            algorithm,
            digits,
            period,
        } => {
            push("algorithm", algorithm.name());
            push("digits", &digits.count().to_string());
            push("period", &period.seconds().to_string());
            // Without an issuer a reader takes the prefix for it.
            let issuer = match &account.label_issuer {
                Some(prefix) if account.issuer.is_empty() => prefix,
                _ => &account.issuer,
            };
            if digits.count() == 5 && is_steam(issuer) {
                push("encoder", "totp");
            }
        }
        OtpKind::Hotp {
            algorithm,
            digits,
            counter,
        } => {
            push("algorithm", algorithm.name());
            push("digits", &digits.count().to_string());
            push("counter", &counter.value().to_string());
        }
    }
}

#[cfg(test)]
mod tests;
