//! The program, as a test in another language starts it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-scripted"));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn it_says_where_it_listens_and_ends_with_its_input() {
    let mut child = program().spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let address = said["address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"));
    assert_eq!(said["url"], format!("http://{address}"));
    std::net::TcpStream::connect(address).unwrap();
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_that_is_none_or_taken_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for port in ["x", "65536", &port] {
        let done = program().arg(port).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{port}");
        assert!(done.stdout.is_empty(), "{port}");
    }
}
