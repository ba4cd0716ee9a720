//! Exchanges with a server on this machine that does what a test tells it, well-behaved or not.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use countersign_core::approval::{Reply, Unreachable};
use countersign_core::time::UnixSeconds;
use ureq::tls::RootCerts;

use super::client::{Came, Http, Post};
use super::proxy::Proxies;

mod tls;

const NOW: UnixSeconds = UnixSeconds(784_111_770);
/// Long enough for a slow machine where no time-out is wanted.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where one is.
const IMPATIENCE: Duration = Duration::from_millis(300);
const CAP: usize = 100;

/// A server that takes one connection, and what it has read.
struct Scripted {
    port: u16,
    thread: JoinHandle<String>,
}

impl Scripted {
    fn new(script: impl FnOnce(&mut TcpStream) -> io::Result<()> + Send + 'static) -> Self {
        Self::raw(|mut stream| {
            let request = read_request(&mut stream).unwrap_or_default();
            // The client may leave in the middle: that is what is tested.
            let _ = script(&mut stream);
            request
        })
    }

    fn raw(serve: impl FnOnce(TcpStream) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || serve(listener.accept().unwrap().0));
        Self { port, thread }
    }

    fn answers(text: &'static str) -> Self {
        Self::new(move |stream| stream.write_all(text.as_bytes()))
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/fetch", self.port)
    }
}

/// Reads a whole request with its body.
fn read_request(stream: &mut impl Read) -> io::Result<String> {
    let mut request = Vec::new();
    let mut byte = [0];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Ok(text.into_owned());
            }
        }
        stream.read_exact(&mut byte)?;
        request.extend(byte);
    }
}

fn client() -> Http {
    Http::new(RootCerts::PlatformVerifier, Proxies::default())
}

fn post(http: &Http, url: &str, timeout: Duration) -> Reply {
    came(http, url, timeout).reply
}

fn came(http: &Http, url: &str, timeout: Duration) -> Came {
    let post = Post {
        url,
        content_type: "application/jose",
        body: "a.b.c",
        timeout,
        reply_bytes_max: CAP,
    };
    http.exchange(&post, NOW)
}

#[track_caller]
fn answered(server: &Scripted) -> (u16, Option<u64>, String) {
    match post(&client(), &server.url(), PATIENCE) {
        Reply::Answered {
            status,
            retry_after_s,
            body,
        } => (status, retry_after_s, String::from_utf8(body).unwrap()),
        reply @ Reply::Unreachable(_) => panic!("{reply:?}"),
    }
}

#[track_caller]
fn refused(reply: &Reply) -> Unreachable {
    match reply {
        Reply::Unreachable(why) => *why,
        reply @ Reply::Answered { .. } => panic!("{reply:?}"),
    }
}

#[test]
fn a_message_is_posted_as_it_is_and_its_answer_comes_back() {
    let server =
        Scripted::answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nd.e.f");
    assert_eq!(answered(&server), (200, None, "d.e.f".into()));
    let request = server.thread.join().unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/fetch HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/jose"), "{head}");
    assert_eq!(body, "a.b.c");
    // It says nothing of the system, nor which version it is.
    assert!(head.contains("user-agent: countersign\r\n"), "{head}");
    for told in ["cookie", "accept", "linux", env!("CARGO_PKG_VERSION")] {
        assert!(!head.to_lowercase().contains(told), "{head}");
    }
}

#[test]
fn an_answer_without_a_body_is_one() {
    let server = Scripted::answers("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(answered(&server), (204, None, String::new()));
}

#[test]
fn a_refusal_is_an_answer_with_its_time() {
    for (text, retry) in [
        (
            "HTTP/1.1 503 No\r\nRetry-After: 90\r\nContent-Length: 2\r\n\r\n{}",
            Some(90),
        ),
        (
            "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\n{}",
            Some(7),
        ),
        (
            "HTTP/1.1 503 No\r\nRetry-After: soon\r\nContent-Length: 2\r\n\r\n{}",
            None,
        ),
    ] {
        assert_eq!(
            answered(&Scripted::answers(text)),
            (503, retry, "{}".into())
        );
    }
}

#[test]
fn r16_no_redirect_is_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    for status in [
        "301 Moved",
        "302 Found",
        "303 See",
        "307 Temporary",
        "308 Permanent",
    ] {
        let text = format!(
            "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n"
        );
        let server = Scripted::new(move |stream| stream.write_all(text.as_bytes()));
        let reply = post(&client(), &server.url(), PATIENCE);
        assert_eq!(refused(&reply), Unreachable::Redirect, "{status}");
    }
    assert_eq!(
        elsewhere.accept().unwrap_err().kind(),
        io::ErrorKind::WouldBlock
    );
}

#[test]
fn an_answer_may_be_as_long_as_was_asked_for_and_no_longer() {
    let body = |length: usize| {
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}",
            "x".repeat(length)
        );
        Scripted::new(move |stream| stream.write_all(text.as_bytes()))
    };
    assert_eq!(answered(&body(CAP)).2.len(), CAP);
    let reply = post(&client(), &body(CAP + 1).url(), PATIENCE);
    assert_eq!(refused(&reply), Unreachable::TooLong);
}

#[test]
fn an_endless_answer_is_left_at_the_limit() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let server = Scripted::new(move |stream| {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(b"8\r\nxxxxxxxx\r\n")?;
            }
        });
        let reply = post(&client(), &server.url(), PATIENCE);
        assert_eq!(refused(&reply), Unreachable::TooLong, "{head}");
    }
}

#[test]
fn endless_header_lines_are_left_at_the_limit() {
    let server = Scripted::new(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(b"X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")?;
        }
    });
    let why = refused(&post(&client(), &server.url(), PATIENCE));
    assert!(
        matches!(why, Unreachable::TooLong | Unreachable::NotHttp),
        "{why:?}"
    );
}

#[test]
fn a_slow_drip_is_left_when_the_time_for_the_whole_is_over() {
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"] {
        let server = Scripted::new(move |stream| {
            stream.write_all(head.as_bytes())?;
            loop {
                stream.write_all(b"H")?;
                thread::park_timeout(Duration::from_millis(50));
            }
        });
        let begun = Instant::now();
        let reply = post(&client(), &server.url(), IMPATIENCE);
        assert!(begun.elapsed() < PATIENCE);
        let why = refused(&reply);
        // What drips is no header line either.
        assert!(
            matches!(why, Unreachable::TimedOut | Unreachable::NotHttp),
            "{why:?}"
        );
        assert!(head.is_empty() || why == Unreachable::TimedOut);
    }
}

#[test]
fn a_server_that_says_nothing_is_left_in_time() {
    let server = Scripted::new(|stream| stream.read_exact(&mut [0]));
    assert_eq!(
        refused(&post(&client(), &server.url(), IMPATIENCE)),
        Unreachable::TimedOut
    );
}

#[test]
fn a_connection_that_is_cut_is_none() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf",
    ] {
        let why = refused(&post(&client(), &Scripted::answers(text).url(), PATIENCE));
        assert!(
            matches!(why, Unreachable::NoConnection | Unreachable::NotHttp),
            "{text}: {why:?}"
        );
    }
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let reply = post(&client(), &format!("http://{nobody}/"), PATIENCE);
    assert_eq!(refused(&reply), Unreachable::NoConnection);
}

#[test]
fn what_is_not_http_is_named_so() {
    for text in [
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "220 mail ready\r\n\r\n",
        "HTTP/9 OK\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
    ] {
        let reply = post(&client(), &Scripted::answers(text).url(), PATIENCE);
        assert_eq!(refused(&reply), Unreachable::NotHttp, "{text}");
    }
}

#[test]
fn a12_nothing_goes_unencrypted_to_another_machine() {
    for url in [
        "http://mfa.example/v1/fetch",
        "http://192.0.2.1/",
        "http://localhost.example/",
        "ftp://localhost/",
        "localhost",
        "",
        "http://",
    ] {
        assert_eq!(
            refused(&post(&client(), url, PATIENCE)),
            Unreachable::NoConnection,
            "{url}"
        );
    }
}

#[test]
fn this_machine_is_reached_without_the_proxy_and_others_only_through_it() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let proxies = Proxies::from_variables(|name| (name == "HTTPS_PROXY").then(|| address.clone()));
    let http = Http::new(RootCerts::PlatformVerifier, proxies.unwrap());
    let server = Scripted::answers("HTTP/1.1 204 No Content\r\n\r\n");
    let reply = post(&http, &server.url(), PATIENCE);
    assert!(
        matches!(reply, Reply::Answered { status: 204, .. }),
        "{reply:?}"
    );
    let asked = thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let request = read_request(&mut stream).unwrap();
        stream
            .write_all(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        request
    });
    let reply = post(&http, "https://mfa.example/v1/fetch", PATIENCE);
    assert!(matches!(reply, Reply::Unreachable(_)), "{reply:?}");
    let request = asked.join().unwrap();
    assert!(
        request.starts_with("CONNECT mfa.example:443 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        !request.contains("a.b.c") && !request.contains("v1"),
        "{request}"
    );
}

#[test]
fn a_server_that_is_not_there_or_wants_it_elsewhere_has_taken_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let redirects = Scripted::answers(
        "HTTP/1.1 307 Elsewhere\r\nLocation: https://a.example/\r\nContent-Length: 0\r\n\r\n",
    );
    for url in [
        format!("http://{nobody}/"),
        redirects.url(),
        // A name that nobody can have: a label has 63 letters at most (RFC 1035 §2.3.4).
        format!("https://{}.invalid/", "a".repeat(64)),
        "http://mfa.example/".into(),
    ] {
        let came = came(&client(), &url, PATIENCE);
        refused(&came.reply);
        assert!(!came.may_be_taken, "{url}: {came:?}");
    }
}

#[test]
fn a_server_whose_answer_was_lost_may_have_taken_it() {
    for text in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf",
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
    ] {
        let came = came(&client(), &Scripted::answers(text).url(), PATIENCE);
        assert!(came.may_be_taken, "{text}: {came:?}");
    }
    let silent = Scripted::new(|stream| stream.read_exact(&mut [0]));
    assert!(came(&client(), &silent.url(), IMPATIENCE).may_be_taken);
}
