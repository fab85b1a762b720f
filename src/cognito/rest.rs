//! Cognito Sync's REST paths: from method and path to the operation that they name.
//!
//! Owns the matching of the model's path templates. No operation of this service is built yet: each proves its caller and answers that it is
//! not available.

use crate::cognito::model::{OperationShape, Service};

/// The operation of a method and path; the path without its query.
pub fn find(method: &str, path: &str) -> Option<&'static OperationShape> {
    let fits = |operation: &&OperationShape| {
        let (wanted, template) = &operation.http;
        let template = template.split('?').next().unwrap_or_default();
        wanted == method && segments_fit(template, path)
    };
    Service::Sync.api().operations().find(fits)
}

fn segments_fit(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_service_is_found_by_its_own_path() {
        for operation in Service::Sync.api().operations() {
            let (method, template) = &operation.http;
            let path = template.replace(['{', '}'], "");
            assert_eq!(find(method, &path).map(|found| found.name.as_str()), Some(operation.name.as_str()), "{method} {path}");
            assert!(find("PATCH", &path).is_none() && find(method, &format!("{path}/x/y/z/w")).is_none());
        }
    }
}
