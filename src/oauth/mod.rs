//! The OAuth and OpenID Connect face of a pool.
//!
//! Owns the endpoints `/oauth2/…`, `/logout` and the issuer's documents, each on the pool's domain and below the pool's id, and the translation of
//! failures into OAuth errors (`error`). What the endpoints decide is `auth_flows`', `tokens`' and `federation`'s business.

pub mod authorize;
pub mod client_auth;
pub mod cors;
pub mod discovery;
pub mod entry;
pub mod error;
pub mod grant;
pub mod grants;
pub mod idp_response;
pub mod jwks;
pub mod logout;
pub mod revoke;
pub mod token;
pub mod userinfo;

use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};

use crate::context::Ports;
use crate::federation::broker::Broker;

/// What the endpoints need of the process.
#[derive(Clone, Debug)]
pub struct OAuthState {
    /// The ports.
    pub ports: Arc<Ports>,
    /// The broker that carries logins out to providers.
    pub broker: Arc<Broker>,
}

/// Registers the endpoints.
pub fn routes(cfg: &mut ServiceConfig) {
    for prefix in ["", "/{pool_id}"] {
        let at = |path: &str| web::resource(format!("{prefix}{path}")).default_service(web::to(error::method_not_allowed));
        cfg.service(at("/oauth2/authorize").route(web::get().to(authorize::get)))
            .service(
                at("/oauth2/token")
                    .route(web::post().to(token::post))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(cors::preflight)),
            )
            .service(
                at("/oauth2/revoke")
                    .route(web::post().to(revoke::post))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(cors::preflight)),
            )
            .service(
                at("/oauth2/userInfo")
                    .route(web::get().to(userinfo::answer))
                    .route(web::post().to(userinfo::answer))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(cors::preflight)),
            )
            .service(at("/oauth2/idpresponse").route(web::get().to(idp_response::get)).route(web::post().to(idp_response::post)))
            .service(at("/logout").route(web::get().to(logout::get)));
    }
    let at = |path: &str| web::resource(path).default_service(web::to(error::method_not_allowed));
    cfg.service(at("/{pool_id}/.well-known/openid-configuration").route(web::get().to(discovery::get)))
        .service(at("/{pool_id}/.well-known/jwks.json").route(web::get().to(jwks::get)));
}
