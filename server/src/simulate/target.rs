//! Where a device sends: the address that its set-up code holds, taken apart.

use hyper::{Uri, http::uri::Scheme};

/// Why an address cannot be sent to; it never quotes the address, which holds a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is no URL.
    #[error("the server address is not a URL")]
    NotUrl,
    /// The simulator has no TLS: it is meant for a server nearby.
    #[error("the server address does not begin with http://")]
    NotHttp,
    /// Native sync needs the token as a bearer.
    #[error("the server address holds no token: it should end in /v1/key/TOKEN/projects/1")]
    NoToken,
}

/// A server, and the token of one device.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Target {
    /// Reads `http://host:port/v1/key/TOKEN/projects/1`.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let uri: Uri = url.trim().parse().map_err(|_| TargetError::NotUrl)?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(TargetError::NotHttp);
        }
        let authority = uri.authority().ok_or(TargetError::NotUrl)?;
        Ok(Self {
            // An IPv6 address is bracketed in a URL and bare in a socket address.
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            authority: authority.as_str().to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The host to connect to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `Host` header.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path that takes `OpenRosa` submissions.
    pub fn submission_path(&self) -> String {
        format!("{}/submission", self.path)
    }

    /// The path that takes native pushes, and the token to show there.
    pub fn push_path_and_token(&self) -> Result<(String, String), TargetError> {
        let (prefix, rest) = self.path.split_once("/v1/key/").ok_or(TargetError::NoToken)?;
        let token = rest.split('/').next().filter(|token| !token.is_empty());
        Ok((format!("{prefix}/v1/sync/push"), token.ok_or(TargetError::NoToken)?.to_owned()))
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The path holds a token, and tokens stay out of logs.
        f.debug_struct("Target").field("authority", &self.authority).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_device_leads_to_both_doors() {
        let target = Target::parse("http://127.0.0.1:8080/v1/key/abc/projects/1/").unwrap();

        assert_eq!((target.host(), target.port()), ("127.0.0.1", 8080));
        assert_eq!(target.submission_path(), "/v1/key/abc/projects/1/submission");
        let native = target.push_path_and_token().unwrap();
        assert_eq!(native, ("/v1/sync/push".to_owned(), "abc".to_owned()));
    }

    #[test]
    fn an_address_without_token_has_no_native_door() {
        let target = Target::parse("http://[::1]/projects/1").unwrap();

        assert_eq!((target.host(), target.port()), ("::1", 80));
        assert_eq!(target.push_path_and_token(), Err(TargetError::NoToken));
    }

    #[test]
    fn an_address_that_is_not_plain_http_is_refused_without_being_quoted() {
        let refused = Target::parse("https://sanu.example/v1/key/secret/projects/1");

        assert_eq!(refused, Err(TargetError::NotHttp));
        let shown = format!("{:?}", Target::parse("http://h/v1/key/secret/projects/1").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
