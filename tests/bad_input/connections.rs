//! Connections that say little or nothing.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{
    Server, request,
    xml::{site, submit},
};

#[test]
fn two_hundred_silent_connections_keep_nobody_waiting() {
    let server = Server::sqlite();
    let phone = server.phone("agent-1", None);
    let address = server.url.strip_prefix("http://").unwrap();
    let path = phone.url.strip_prefix(&server.url).unwrap();
    let begun = format!(
        "POST {path}/submission HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; \
         boundary=b\r\nContent-Length: 100000\r\n\r\n-"
    );
    let push = format!(
        "POST /v1/sync/push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 100000\r\n\r\n{{",
        phone.token
    );

    let silent: Vec<TcpStream> = ["P", "", &begun, &push]
        .iter()
        .cycle()
        .take(200)
        .map(|said| {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(said.as_bytes()).unwrap();
            socket
        })
        .collect();
    let start = Instant::now();
    for number in 1..=5 {
        assert_eq!(request("GET", &format!("{}/readyz", server.url), &[], b"").status, 200);
        assert_eq!(submit(&phone.url, &site(number).xml).status, 201);
    }
    let taken = start.elapsed();

    assert!(taken < Duration::from_secs(5), "{taken:?}");
    assert_eq!(silent.len(), 200);
    drop(silent);
    server.settled();
    assert_eq!(server.sql("SELECT COUNT(*) FROM record"), "5");
}
