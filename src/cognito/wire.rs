//! JSON 1.1 as the AWS SDKs read it: response bodies, headers, dates, CORS (cognito-surface section 1.1).
//!
//! Owns the form of answers; what they say is the operations' and `error`'s.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
};
use serde_json::{Number, Value, json};

use crate::cognito::error::Exception;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-amzn-errormessage");
const JSON: &str = "application/x-amz-json-1.1";
/// Headers that SDKs in browsers send.
const ALLOWED_HEADERS: &str = "authorization, content-type, x-amz-target, x-amz-user-agent, x-amz-date, x-amz-security-token, \
     x-amz-content-sha256, cache-control, amz-sdk-invocation-id, amz-sdk-request, x-amzn-trace-id, x-amzn-requestid, x-amzn-client-id";
/// The longest error message that is repeated in a header, bytes.
const MAX_HEADER_MESSAGE: usize = 1024;

/// A time as the models' `timestamp`: seconds with up to three decimals.
pub fn date(ms: i64) -> Value {
    if ms % 1000 == 0 {
        return (ms / 1000).into();
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit a double exactly")]
    let seconds = ms as f64 / 1000.0;
    Number::from_f64(seconds).map_or(Value::Null, Value::Number)
}

/// Whether a body of that content type is ours to read: JSON 1.1, or 1.0 of older clients.
pub fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let essence = content_type.and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|value| value.eq_ignore_ascii_case(JSON) || value.eq_ignore_ascii_case("application/x-amz-json-1.0"))
}

/// A success.
pub fn success(output: &Value, request_id: &str) -> HttpResponse {
    answer(StatusCode::OK, output, request_id)
}

/// An error.
pub fn failure(exception: &Exception, request_id: &str) -> HttpResponse {
    let status = StatusCode::from_u16(exception.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer(status, &json!({ "__type": exception.kind, "message": exception.message }), request_id);
    let headers = response.headers_mut();
    // The trailing colon is what the live service sends.
    if let Ok(value) = HeaderValue::from_str(&format!("{}:", exception.kind)) {
        headers.insert(ERROR_TYPE, value);
    }
    if let Ok(value) = HeaderValue::from_str(&header_text(&exception.message)) {
        headers.insert(ERROR_MESSAGE, value);
    }
    if exception.status == 503 {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The answer to a browser's preflight.
pub fn preflight() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "172800"))
        .finish()
}

fn answer(status: StatusCode, body: &Value, request_id: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, JSON))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REQUEST_ID, request_id))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_EXPOSE_HEADERS, "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"))
        .body(body.to_string())
}

/// A message as a header value: printable ASCII only, so that nothing from a request can add a header (L-04).
fn header_text(message: &str) -> String {
    message.chars().take(MAX_HEADER_MESSAGE).map(|letter| if (' '..='~').contains(&letter) { letter } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_up_to_three_decimals() {
        assert_eq!(date(1_689_721_665_239).to_string(), "1689721665.239");
        assert_eq!(date(1_689_721_665_200).to_string(), "1689721665.2");
        assert_eq!(date(1_689_721_665_000).to_string(), "1689721665");
    }

    #[test]
    fn l_04_messages_cannot_break_headers() {
        assert_eq!(header_text("a\r\nSet-Cookie: x=\u{1b}é"), "a??Set-Cookie: x=??");
    }
}
