//! All four social providers at once, and what a gateway must be told of them.
//!
//! For the demo and the benchmark; tests start the one that they are about. Each stand-in is a file beside this one.

use std::io;

use crate::journal::Journal;
use crate::social::amazon::{self, Amazon, AmazonHandle};
use crate::social::apple::{self, Apple, AppleHandle};
use crate::social::facebook::{self, Facebook, FacebookHandle};
use crate::social::google::{self, Google, GoogleHandle};

/// A provider as a configuration file declares it; its name is its type.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Cognito's `ProviderType`, such as `Google`.
    pub name: &'static str,
    /// `ProviderDetails`.
    pub details: Vec<(&'static str, String)>,
    /// `AttributeMapping`: attribute of the pool, claim of the provider.
    pub mapping: &'static [(&'static str, &'static str)],
}

/// The four, running; they end when this is dropped.
pub struct All {
    google: GoogleHandle,
    apple: AppleHandle,
    facebook: FacebookHandle,
    amazon: AmazonHandle,
}

impl All {
    /// Starts each on a free loopback port with its default people.
    pub fn start(journal: &Journal) -> io::Result<Self> {
        Ok(Self {
            google: Google::start(google::Config { journal: journal.clone(), ..google::Config::default() })?,
            apple: Apple::start(apple::Config { journal: journal.clone(), ..apple::Config::default() })?,
            facebook: Facebook::start(facebook::Config { journal: journal.clone(), ..facebook::Config::default() })?,
            amazon: Amazon::start(amazon::Config { journal: journal.clone(), ..amazon::Config::default() })?,
        })
    }

    /// What the gateway is told.
    pub fn declared(&self) -> Vec<Declared> {
        let (google, apple) = (google::Config::default(), apple::Config::default());
        let mut google_details = vec![
            ("client_id", google.client_id),
            ("client_secret", google.client_secret),
            ("authorize_scopes", "profile email openid".to_owned()),
        ];
        google_details.extend(self.google.endpoints());
        let mut apple_details = vec![
            ("client_id", apple.client_id),
            ("team_id", apple.team_id),
            ("key_id", apple.key_id),
            ("private_key", self.apple.private_key_pem()),
            ("authorize_scopes", "email name".to_owned()),
        ];
        apple_details.extend(self.apple.endpoints());
        vec![
            Declared {
                name: "Google",
                details: google_details,
                mapping: &[("email", "email"), ("email_verified", "email_verified"), ("name", "name")],
            },
            Declared {
                name: "SignInWithApple",
                details: apple_details,
                mapping: &[("email", "email"), ("email_verified", "email_verified"), ("name", "name")],
            },
            Declared {
                name: "Facebook",
                details: self.facebook.provider_details("public_profile, email"),
                mapping: &[("email", "email"), ("name", "name")],
            },
            Declared {
                name: "LoginWithAmazon",
                details: self.amazon.provider_details("profile postal_code"),
                mapping: &[("email", "email"), ("name", "name")],
            },
        ]
    }

    /// Which of the four listens on that port.
    pub fn at_port(&self, port: Option<u16>) -> Option<&'static str> {
        let places = [
            (&self.google.base_url, "Google"),
            (&self.apple.base_url, "Apple"),
            (&self.facebook.base_url, "Facebook"),
            (&self.amazon.base_url, "Amazon"),
        ];
        let is = |url: &str| url::Url::parse(url).is_ok_and(|url| url.port() == port);
        places.into_iter().find(|(url, _)| is(url)).map(|(_, name)| name)
    }
}
