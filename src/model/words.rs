//! Enums of words, as columns, events and log lines have them.

/// Makes an enum, each variant with the word that it is written as: the enum itself, `ALL`, `WORDS` and `as_str`.
///
/// ```ignore
/// words! {
///     /// Where a category is from.
///     #[derive(Clone, Copy, Debug)]
///     pub enum CategorySource {
///         /// A rule of the company's own file.
///         Rule = "rule",
///         /// The group of the account.
///         Account = "account",
///     }
/// }
/// ```
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$of_variant:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$of_variant])* $variant,)+ }

        impl $name {
            /// All of them, in their order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// Their words, in the same order.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word that it is written as.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

pub(crate) use words;
