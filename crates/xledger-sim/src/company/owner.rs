//! Owners: the entities whose books these are, and where they stand as seen from the token.

use std::borrow::Cow;

/// Where an owner stands as seen from the token's own entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The entity that the token was made in.
    Own,
    /// Below it: the token reaches it.
    Below,
    /// Above it: only `UPPER` and `ALL` name it.
    Above,
}

/// An entity.
#[derive(Debug, Clone)]
pub struct Owner {
    /// `dbId`.
    pub id: i32,
    /// `code`.
    pub code: &'static str,
    /// `ownerCode`.
    pub owner_code: &'static str,
    /// Its name.
    pub name: Cow<'static, str>,
    /// Base currency.
    pub currency: u8,
    /// The calendar of its fiscal year, see [`crate::company::period::Period::calendar`].
    pub calendar: u8,
    /// Where it stands.
    pub reach: Reach,
    /// Its own row in the company register.
    pub party: u32,
    /// The object kind that each of its five GL objects holds; 0 where it is not used.
    pub dimension_kinds: [i32; 5],
}

/// The five owners of every generated company: the token's, three below, one above.
pub(crate) fn owners() -> Vec<Owner> {
    let owner = |id, code, owner_code, name: &'static str, currency, calendar, reach, dimension_kinds| Owner {
        id,
        code,
        owner_code,
        name: name.into(),
        currency,
        calendar,
        reach,
        party: 0,
        dimension_kinds,
    };
    vec![
        owner(4242, "1000", "SKF", "Skarvøyfjord Fisk AS", 0, 0, Reach::Own, [30, 31, 32, 40, 0]),
        owner(4251, "1100", "SKT", "Skarvøyfjord Transport AS", 0, 0, Reach::Below, [31, 30, 0, 0, 40]),
        owner(4257, "1200", "SKE", "Skarvøyfjord Eiendom AS", 0, 1, Reach::Below, [30, 0, 33, 0, 40]),
        owner(4263, "1300", "SKU", "Skarvøyfjord Europe GmbH", 1, 0, Reach::Below, [32, 31, 30, 33, 40]),
        owner(4300, "900", "YTH", "Ytterhavn Holding AS", 0, 0, Reach::Above, [30, 31, 0, 0, 40]),
    ]
}

/// An object kind: what a GL object can mean.
#[derive(Debug, Clone, Copy)]
pub struct ObjectKind {
    /// `dbId`.
    pub id: i32,
    /// Its name.
    pub name: &'static str,
}

/// The kinds in use.
pub(crate) static KINDS: [ObjectKind; 6] = [
    ObjectKind { id: 14, name: "Avgiftsregel" },
    ObjectKind { id: 30, name: "Kostnadssted" },
    ObjectKind { id: 31, name: "Prosjekt" },
    ObjectKind { id: 32, name: "Avdeling" },
    ObjectKind { id: 33, name: "Bygg" },
    ObjectKind { id: 40, name: "Ansatt" },
];

/// One value of a dimension.
#[derive(Debug, Clone)]
pub struct DimensionValue {
    /// `dbId`.
    pub id: i32,
    /// The owner's place in [`crate::Company::owners`].
    pub owner: u8,
    /// The id of its object kind.
    pub kind: i32,
    /// `code`.
    pub code: Option<String>,
    /// `description`.
    pub name: Option<String>,
    /// When it was last changed.
    pub modified_at: i64,
    /// Whether only payroll rows name it.
    pub payroll: bool,
}
