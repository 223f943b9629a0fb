//! What a fault does to an answer.

use super::door::Door;
use super::reply::{Reply, Then, html, json, put, with_type};
use super::wire::Cut;
use crate::fault::FaultKind;
use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use hyper::{Response, header};

/// More than the headers of an answer, so that a cut after so many bytes and half of the body lies within the body.
const HEADERS: u64 = 150;

/// The reply in place of an answer, and the journal's word for it; `None` if the fault needs the answer.
pub(super) fn instead(fault: &FaultKind, door: &Door, cut: &Cut) -> Option<(&'static str, Response<Reply>)> {
    let redirect = |host: &str| {
        let mut reply = html(302, "Object moved");
        put(reply.headers_mut(), header::LOCATION, &format!("http://{host}:{}/elsewhere", door.address().port()));
        ("REDIRECT", reply)
    };
    Some(match fault {
        FaultKind::Html(status) => ("HTML", html(*status, "We will be back soon")),
        FaultKind::Reset | FaultKind::Refused(_) => {
            cut.after(0);
            ("RESET", html(503, "Reset"))
        }
        FaultKind::ResetInHeaders => {
            cut.after(30);
            ("RESET", html(503, "Reset"))
        }
        FaultKind::RedirectHost => redirect("localhost"),
        FaultKind::RedirectHttp => redirect("127.0.0.1"),
        FaultKind::Endless => {
            let spaces = Bytes::from(vec![b' '; 64 << 10]);
            let body = Reply::unannounced(spaces.clone(), Then::Forever(spaces));
            ("ENDLESS", with_type(200, "application/json; charset=utf-8", false, body))
        }
        FaultKind::Raw(status, content_type, body) => {
            ("RAW", with_type(*status, content_type, false, Reply::whole(body.clone().into_bytes())))
        }
        _ => return None,
    })
}

/// The answer as the fault leaves it.
pub(super) fn spoilt(
    fault: Option<&FaultKind>,
    status: u16,
    gzip: bool,
    mut sent: Vec<u8>,
    cut: &Cut,
) -> Response<Reply> {
    let length = sent.len();
    let announcing = |announced: usize, sent: Vec<u8>| {
        let mut reply = json(status, gzip, Vec::new());
        *reply.body_mut() = Reply::unannounced(sent, Then::End);
        put(reply.headers_mut(), header::CONTENT_LENGTH, &announced.to_string());
        reply
    };
    match fault {
        Some(FaultKind::Truncated) => sent.truncate(length / 2),
        Some(FaultKind::CorruptGzip) => {
            // In the middle of the deflate stream, behind its header and before its checksum.
            let middle = if gzip { length / 2..length / 2 + length.min(20) / 4 } else { 0..0 };
            sent[middle].iter_mut().for_each(|byte| *byte ^= 0x55);
        }
        Some(FaultKind::ResetInBody) => cut.after(HEADERS + length as u64 / 2),
        Some(FaultKind::LengthTooLarge) => return announcing(length + 100, sent),
        Some(FaultKind::LengthTooSmall) => return announcing(length / 2, sent),
        Some(FaultKind::Stalled) => {
            sent.truncate(length / 2);
            let mut reply = json(status, gzip, Vec::new());
            *reply.body_mut() = Reply::unannounced(sent, Then::Silence);
            return reply;
        }
        Some(FaultKind::Bomb(mebibytes)) => return json(status, true, bomb(*mebibytes)),
        _ => {}
    }
    json(status, gzip, sent)
}

/// A gzip stream of so many MiB of spaces.
fn bomb(mebibytes: u32) -> Vec<u8> {
    let spaces = vec![b' '; 1 << 20];
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(16 << 10);
    // After a full flush a block is independent of what precedes it, so it can be repeated. The buffer has room for it.
    let _ = deflate.compress_vec(&spaces, &mut block, FlushCompress::Full);
    let mut end = Vec::with_capacity(64);
    let _ = Compress::new(Compression::best(), false).compress_vec(&[], &mut end, FlushCompress::Finish);
    let (mut whole, mut one) = (Crc::new(), Crc::new());
    one.update(&spaces);
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    for _ in 0..mebibytes {
        gzip.extend_from_slice(&block);
        whole.combine(&one);
    }
    gzip.extend_from_slice(&end);
    gzip.extend_from_slice(&whole.sum().to_le_bytes());
    gzip.extend_from_slice(&whole.amount().to_le_bytes());
    gzip
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_bomb_is_small_and_unpacks_to_what_it_says() {
        let gzip = bomb(300);
        assert!(gzip.len() < 1 << 20, "{}", gzip.len());
        let mut decoder = flate2::read::GzDecoder::new(gzip.as_slice());
        let mut buffer = vec![0; 1 << 20];
        let mut unpacked = 0;
        loop {
            let read = decoder.read(&mut buffer).unwrap();
            if read == 0 {
                break;
            }
            assert!(buffer[..read].iter().all(|&byte| byte == b' '));
            unpacked += read;
        }
        assert_eq!(unpacked, 300 << 20);
    }
}
