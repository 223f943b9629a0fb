//! Rows, and other things, as the bytes of a file: one behind the other as serde sees them, compressed. A file is read again by this program alone.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::CachedRow;
use crate::model::text_pool::{PooledText, TextPool};

/// The quickest that is worth its while.
const ZSTD_LEVEL: i32 = 1;

/// Rows with their own texts, as they stand in a file.
struct WithTexts<'a, T>(&'a [T], &'a TextPool);

impl<T: CachedRow> Serialize for WithTexts<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| (row, self.1.own(row.text()))))
    }
}

/// The bytes of a file with these rows, and the texts that they share.
///
/// # Errors
/// What the encoders say: never, for rows that are in memory.
pub(super) fn encode_rows<T: CachedRow>(rows: &[T], pool: &TextPool) -> Result<Bytes, Box<dyn std::error::Error>> {
    encode(&(pool.texts(), WithTexts(rows, pool)))
}

/// The bytes of a file with one thing.
///
/// # Errors
/// As of [`encode_rows`].
pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, Box<dyn std::error::Error>> {
    Ok(zstd::bulk::compress(&postcard::to_stdvec(value)?, ZSTD_LEVEL)?.into())
}

/// Reads one thing.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(&zstd::decode_all(bytes).map_err(fault)?).map_err(fault)
}

fn fault(error: impl std::fmt::Display) -> String {
    format!("it is not what was written: {error}")
}

/// Hands every row of a file to `take`, which says whether it is of use; they refer to `pool`.
///
/// # Errors
/// What is wrong with the file, in words.
pub(super) fn decode_rows<T: CachedRow>(
    bytes: &[u8],
    pool: &mut TextPool,
    mut take: impl FnMut(T, &TextPool) -> bool,
) -> Result<(), String> {
    let raw = zstd::decode_all(bytes).map_err(fault)?;
    let (texts, rest): (Vec<&str>, _) = postcard::take_from_bytes(&raw).map_err(fault)?;
    // 0 is no text.
    let places: Vec<PooledText> =
        [PooledText::default()].into_iter().chain(texts.iter().map(|text| pool.intern(Some(text)))).collect();
    let (rows, mut rest): (usize, _) = postcard::take_from_bytes(rest).map_err(fault)?;
    for _ in 0..rows {
        let (mut row, text): (T, Option<&str>);
        ((row, text), rest) = postcard::take_from_bytes(rest).map_err(fault)?;
        let mut is_known = true;
        row.each_pooled_text(|text| match places.get(text.place()) {
            Some(known) => *text = *known,
            None => is_known = false,
        });
        if !is_known {
            return Err("a row of it refers to a text that it does not have".to_owned());
        }
        let text = pool.add(text);
        if !take(row.with_text(text), pool) {
            pool.take_back(text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::line::Line;
    use crate::model::value::{Day, Instant, Money, Month};

    fn line(id: i64, pool: &mut TextPool) -> Line {
        Line {
            id,
            owner: 1,
            account: 2,
            company: 0,
            voucher: 3,
            voucher_number: Some(-4).into(),
            voucher_modified_at: Some(Instant(1_795_224_600_123)).into(),
            voucher_created_at: None.into(),
            match_id: 5,
            dimensions: [0, 1, 2, 3, i64::MAX],
            amount: Money::parse("-1.5").into(),
            invoice_amount: None.into(),
            vat_amount: Money::parse("99999999999999.9999").into(),
            text: pool.add(Some("Ærlig talt")),
            document_type: pool.intern(Some("AP")),
            document_type_name: pool.intern(Some("Leverandørfaktura")),
            currency: pool.intern(None),
            vat_code: pool.intern(Some("2")),
            posted_date: Some(Day(-1)),
            month: Month { year: 2026, month: 12 },
            fiscal_year: Some(i16::MIN),
            fiscal_period: None,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut pool = TextPool::default();
        let rows = [line(1, &mut pool), line(i64::MIN, &mut pool)];
        let bytes = encode_rows(&rows, &pool).unwrap();
        let (mut others, mut read) = (TextPool::default(), Vec::new());
        // Texts that are known have other places there.
        let code = others.intern(Some("2"));
        decode_rows(&bytes, &mut others, |row: Line, _| {
            read.push(row);
            true
        })
        .unwrap();
        assert_eq!((read.len(), read[0].vat_code), (rows.len(), code));
        let texts = |row: &Line, pool: &TextPool| {
            [row.document_type, row.document_type_name, row.currency, row.vat_code]
                .map(|name| pool.text(name).map(str::to_owned))
                .into_iter()
                .chain([pool.own(row.text).map(str::to_owned)])
                .collect::<Vec<_>>()
        };
        for (row, before) in read.iter_mut().zip(&rows) {
            assert_eq!(texts(row, &others), texts(before, &pool));
            (row.document_type, row.document_type_name) = (before.document_type, before.document_type_name);
            (row.vat_code, row.text) = (before.vat_code, before.text);
            assert_eq!(row, before);
        }
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let mut pool = TextPool::default();
        let rows = [line(1, &mut pool)];
        let bytes = encode_rows(&rows, &pool).unwrap();
        let fault = |bytes: &[u8]| decode_rows::<Line>(bytes, &mut TextPool::default(), |_, _| true).is_err();
        assert!(!fault(&bytes) && fault(&bytes[..bytes.len() - 1]) && fault(b"PAR1") && fault(b""));
        assert!(fault(&encode_rows(&rows, &TextPool::default()).unwrap()));
    }
}
