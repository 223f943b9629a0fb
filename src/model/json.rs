//! How values stand in JSON that outlives a version of the program.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// Reads a value, and takes what this version does not know, such as a word of a later one, for the default.
pub(crate) fn known<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Found<T> {
        Known(T),
        Unknown(IgnoredAny),
    }
    Ok(match Found::deserialize(from)? {
        Found::Known(value) => value,
        Found::Unknown(_) => T::default(),
    })
}

/// Instants as `2026-11-21T01:30:00.123Z`.
pub(crate) mod utc {
    use crate::model::value::Instant;
    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de, ser};

    pub(crate) fn serialize<S: Serializer>(instant: &Instant, out: S) -> Result<S::Ok, S::Error> {
        let timestamp = Timestamp::from_millisecond(instant.0).map_err(ser::Error::custom)?;
        out.collect_str(&format_args!("{timestamp:.3}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Instant, D::Error> {
        let timestamp: Timestamp = String::deserialize(text)?.parse().map_err(de::Error::custom)?;
        Ok(Instant(timestamp.as_millisecond()))
    }

    /// The same, or null.
    pub(crate) mod maybe {
        use crate::model::value::Instant;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[derive(Serialize, Deserialize)]
        struct Utc(#[serde(with = "super")] Instant);

        pub(crate) fn serialize<S: Serializer>(instant: &Option<Instant>, out: S) -> Result<S::Ok, S::Error> {
            instant.map(Utc).serialize(out)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(text: D) -> Result<Option<Instant>, D::Error> {
            Ok(Option::<Utc>::deserialize(text)?.map(|utc| utc.0))
        }
    }
}
