//! TLS: whom a request goes to, and that nothing goes to anybody else.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use countersign_core::approval::{Reply, Unreachable};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::{Certificate, RootCerts};

use super::super::client::{Came, Http};
use super::super::proxy::Proxies;
use super::{PATIENCE, Scripted, came, client, post, read_request, refused};

/// A server with a certificate for `name` that it signed itself, and the certificate.
fn with_tls(name: &str) -> (Scripted, Vec<u8>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).unwrap();
    let der = cert.der().to_vec();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let server = Scripted::raw(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut tls = StreamOwned::new(connection, stream);
        let request = read_request(&mut tls).unwrap_or_default();
        let _ = tls.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        request
    });
    (server, der)
}

fn over_tls(name: &str, trusted: bool) -> (Came, String) {
    let (server, der) = with_tls(name);
    let roots = if trusted {
        RootCerts::Specific(Arc::new(vec![Certificate::from_der(&der).to_owned()]))
    } else {
        RootCerts::PlatformVerifier
    };
    let http = Http::new(roots, Proxies::default());
    let url = format!("https://localhost:{}/v1/fetch", server.port);
    let came = came(&http, &url, PATIENCE);
    (came, server.thread.join().unwrap())
}

#[test]
fn r17_a_certificate_that_is_not_trusted_or_not_the_hosts_ends_it_before_anything_is_sent() {
    let (came, request) = over_tls("localhost", true);
    assert!(
        matches!(came.reply, Reply::Answered { status: 204, .. }),
        "{came:?}"
    );
    assert!(request.ends_with("a.b.c"));
    for (name, trusted) in [("localhost", false), ("other.example", true)] {
        let (came, request) = over_tls(name, trusted);
        assert_eq!(refused(&came.reply), Unreachable::Certificate, "{name}");
        assert_eq!(request, "");
        assert!(!came.may_be_taken, "{name}");
    }
}

#[test]
fn a_server_without_tls_where_tls_is_due_gets_nothing() {
    let server = Scripted::raw(|mut stream| {
        let mut first = [0; 6];
        let _ = stream.read_exact(&mut first);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        String::from_utf8_lossy(&first).into_owned()
    });
    let url = server.url().replace("http://", "https://");
    assert_eq!(
        refused(&post(&client(), &url, PATIENCE)),
        Unreachable::NotHttp
    );
    assert!(!server.thread.join().unwrap().contains("POST"));
}
