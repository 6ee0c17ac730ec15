//! Reads the mail that was pasted or dropped, and forgets it.

use axum::{
    extract::multipart::Multipart,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use reception::read_pasted;

use super::{ask, caller::Caller, result};
use crate::{
    form::Upload,
    problem::{Answer, Problem},
    say::t,
};

/// Largest mail, in bytes.
pub(crate) const MAIL_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Largest form: a mail in each field, and what stands around them.
pub(crate) const BODY_BYTES_MAX: usize = MAIL_BYTES_MAX * 2 + 64 * 1024;

/// `POST /explain`.
pub(crate) async fn receive(caller: Caller, Upload(multipart): Upload) -> Answer {
    let say = caller.say();
    let now = caller.house().now();
    if caller.counted().is_some_and(|from| !caller.house().explained.take(from, now)) {
        return Ok(refused(&caller, StatusCode::TOO_MANY_REQUESTS, &t!(say, "explain-too-many")));
    }
    let mail = match mail_of(multipart).await {
        Ok(mail) if mail.trim_ascii().is_empty() => {
            return Ok(refused(&caller, StatusCode::UNPROCESSABLE_ENTITY, &t!(say, "explain-nothing")));
        }
        Ok(mail) => mail,
        Err(TooLarge) => {
            let words = t!(say, "explain-too-large", max = MAIL_BYTES_MAX / 1024 / 1024);
            return Ok(refused(&caller, StatusCode::PAYLOAD_TOO_LARGE, &words));
        }
    };
    // Large mails are read on their own thread, so that other pages are not kept waiting.
    let read = tokio::task::spawn_blocking(move || (read_pasted(&mail, now), mail)).await;
    let (pasted, mail) = read.map_err(|failure| Problem::Store(failure.into()))?;
    Ok(result::page(&caller, &pasted, &mail))
}

fn refused(caller: &Caller, status: StatusCode, words: &str) -> Response {
    (status, ask::page(caller, Some(words))).into_response()
}

struct TooLarge;

/// The file where there is one, else the text.
async fn mail_of(mut multipart: Multipart) -> Result<Vec<u8>, TooLarge> {
    let mut text = Vec::new();
    loop {
        let field = match multipart.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Ok(text),
            Err(_) => return Err(TooLarge),
        };
        let is_file = field.name() == Some("file");
        let is_text = field.name() == Some("text");
        let bytes = field.bytes().await.map_err(|_| TooLarge)?;
        if bytes.len() > MAIL_BYTES_MAX {
            return Err(TooLarge);
        }
        if is_file && !bytes.is_empty() {
            return Ok(bytes.to_vec());
        }
        if is_text {
            text = bytes.to_vec();
        }
    }
}
