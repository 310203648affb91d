//! The program as a process of its own, and somebody who reads from it over one connection.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub(crate) struct Server {
    process: Child,
    host: String,
    program: PathBuf,
    data: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Server {
    pub(crate) fn start(program: &Path, data: &Path) -> Self {
        let mut process = Command::new(program)
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let host = loop {
            let line = lines.next().expect("the server says where it listens").expect("text");
            if let Some(rest) = line.strip_prefix("sanu listens on ") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        std::thread::spawn(move || for _line in lines {});
        Self { process, host, program: program.to_owned(), data: data.to_owned() }
    }

    pub(crate) fn run(&self, args: &[&str]) -> serde_json::Value {
        let out = Command::new(&self.program)
            .arg("--data")
            .arg(&self.data)
            .args(args)
            .arg("--json")
            .output()
            .expect("the program runs");
        serde_json::from_slice(&out.stdout).unwrap_or_default()
    }

    /// The address of a new phone.
    pub(crate) fn phone(&self) -> String {
        let phone = self.run(&["device", "add", "bench"]);
        let token = phone["token"].as_str().expect("a token");
        format!("http://{}/v1/key/{token}/projects/1", self.host)
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("/proc")
    }

    /// CPU seconds until now.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Megabytes in memory.
    pub(crate) fn rss(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    pub(crate) fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(&self.host).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        BufReader::new(stream)
    }

    /// A reader of this role, with a session.
    pub(crate) fn reader(&self, role: &str) -> Reader {
        let account = self.run(&["account", "add", &format!("b-{role}"), "--role", role]);
        let mut reader = Reader { stream: self.connect(), token: String::new() };
        let body =
            serde_json::json!({ "login": account["login"], "password": account["password"] });
        let body = body.to_string();
        let head = format!(
            "POST /v1/sessions HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let (_, answer) = reader.exchange(&head);
        let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        answer["token"].as_str().expect("a token").clone_into(&mut reader.token);
        reader
    }
}

/// One connection of somebody.
pub(crate) struct Reader {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Reader {
    pub(crate) fn on_a_new_connection(self, server: &Server) -> Self {
        Self { stream: server.connect(), ..self }
    }

    fn exchange(&mut self, request: &str) -> (u16, Vec<u8>) {
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut length) = (0, 0);
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("answered");
            let text = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = text.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0);
            }
            if let Some(rest) = text.strip_prefix("content-length:") {
                length = rest.trim().parse().expect("a length");
            }
            assert!(!text.starts_with("transfer-encoding"), "an answer of known length");
            if text.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("answered");
        (status, body)
    }

    /// The answer's body, whatever it is.
    pub(crate) fn told(&mut self, path: &str) -> Vec<u8> {
        self.get(path).1
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        self.exchange(&request)
    }
}
