//! TLS of the listener: rustls with aws-lc, versions 1.2 and 1.3, certificate and key from PEM files.
//!
//! Owns loading and its error texts. Certificates are read at start; a renewed one takes a restart (which drains).

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's certificate, then intermediates.
    pub cert: PathBuf,
    /// PEM: the private key (PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
}

/// The files do not make a TLS server. The texts name the file, never its contents.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate file is missing, unreadable or holds no certificate.
    #[error("{0}: not a readable PEM certificate file")]
    Certificate(String),
    /// The key file is missing, unreadable or holds no key.
    #[error("{0}: not a readable PEM private key file")]
    Key(String),
    /// Certificate and key do not fit, or are of an unsupported kind.
    #[error("certificate and key cannot be used: {0}")]
    Pair(rustls::Error),
}

/// Loads the configuration of the listener.
pub fn load(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let certificate_fault = || TlsError::Certificate(files.cert.display().to_string());
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .map_err(|_| certificate_fault())?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| certificate_fault())?;
    if chain.is_empty() {
        return Err(certificate_fault());
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|_| TlsError::Key(files.key.display().to_string()))?;
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Pair)
}
