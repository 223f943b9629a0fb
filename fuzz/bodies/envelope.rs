//! What stands around the rows of an answer, and what its errors mean.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::xledger::{Plain, classify_all, query, read};

/// A token that nothing may repeat.
const TOKEN: &str = "hush-0123456789";

/// Reads the errors of an answer: what is said of them is short, on one line, and without the token.
pub(super) fn judge(envelope: &[u8]) {
    let Ok(envelope) = read::<Plain<IgnoredAny>>(envelope) else { return };
    let errors = envelope.errors();
    let Some(error) = classify_all(query::SUPPLIERS, 100, &errors, TOKEN, false) else {
        return assert!(errors.is_empty());
    };
    let said = error.to_string();
    assert!(!said.contains(TOKEN) && !format!("{error:?}").contains(TOKEN), "the token is repeated");
    assert!(!said.contains(char::is_control) && said.chars().count() < 2_000, "{said:?}");
}

/// The members of a JSON object, in their order and with those that repeat; none if it is no object.
pub(super) fn pairs(json: &str) -> Option<Vec<(String, &RawValue)>> {
    struct Pairs<'a>(Vec<(String, &'a RawValue)>);
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Pairs<'de>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(Pairs(pairs))
        }
    }
    impl<'de> Deserialize<'de> for Pairs<'de> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Members)
        }
    }
    serde_json::from_str::<Pairs<'_>>(json).ok().map(|pairs| pairs.0)
}
