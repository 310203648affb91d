//! A device's connection: HTTP/1.1, kept alive, opened again when the server closes it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::AbortHandle};

use super::target::Target;

/// One exchange, connection included, takes no longer.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Answers are read up to this size.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// How often an exchange is tried; with the pauses, a server may take some seconds to restart.
const ATTEMPTS: u32 = 6;
/// The pause after the first failure; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server does not listen, or the network is down.
    #[error("cannot connect to the server")]
    Connect(#[source] std::io::Error),
    /// The exchange broke off.
    #[error("the connection to the server broke")]
    Broken(#[source] hyper::Error),
    /// The body of the answer broke off.
    #[error("the answer of the server cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer took too long.
    #[error("the server did not answer within 60 s")]
    TimedOut,
    /// The answer is too long.
    #[error("the answer of the server is longer than 64 MiB")]
    TooLong,
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Request(#[from] hyper::http::Error),
}

impl ClientError {
    /// Whether another attempt may fare better; every request here may be sent twice.
    fn is_passing(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Broken(_) | Self::Unreadable(_))
    }
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// One device's connection to one server.
#[derive(Debug)]
pub struct Client {
    target: Target,
    open: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The task that drives the socket ends with the connection it serves.
        self.driver.abort();
    }
}

impl Client {
    /// Prepares a connection; it opens with the first request.
    pub const fn new(target: Target) -> Self {
        Self { target, open: None }
    }

    /// The server and token.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Sends a request and reads the whole answer, again after a pause when the connection fails.
    pub async fn send(
        &mut self,
        method: &Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let request = self.request(method, path, headers, body.clone())?;
            let outcome = tokio::time::timeout(TIMEOUT, self.exchange(request)).await;
            let failure = match outcome.unwrap_or(Err(ClientError::TimedOut)) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            self.open = None;
            if attempt == ATTEMPTS || !failure.is_passing() {
                return Err(failure);
            }
            attempt += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let start =
            Request::builder().method(method).uri(path).header(HOST, self.target.authority());
        let with_headers =
            headers.iter().fold(start, |builder, (name, value)| builder.header(*name, value));
        Ok(with_headers.body(Full::new(body))?)
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, ClientError> {
        let connection = self.connection().await?;
        let response =
            connection.sender.send_request(request).await.map_err(ClientError::Broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                ClientError::TooLong
            } else {
                ClientError::Unreadable(error)
            }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    /// The open connection, or a new one when there is none or the server closed it.
    async fn connection(&mut self) -> Result<&mut Connection, ClientError> {
        if let Some(connection) = &mut self.open
            && connection.sender.ready().await.is_err()
        {
            self.open = None;
        }
        let connection = match self.open.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(self.open.insert(connection))
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let address = (self.target.host(), self.target.port());
        let stream = TcpStream::connect(address).await.map_err(ClientError::Connect)?;
        // Requests are whole when they are written; waiting for more only adds delay.
        stream.set_nodelay(true).map_err(ClientError::Connect)?;
        let (sender, driver) =
            handshake(TokioIo::new(stream)).await.map_err(ClientError::Broken)?;
        // Errors of the connection reach the request that is under way.
        let driver = tokio::spawn(async move { drop(driver.await) }).abort_handle();
        Ok(Connection { sender, driver })
    }
}
