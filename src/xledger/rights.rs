//! Which right of Xledger's token page a field needs, as far as that is known: the field's type has the right's name.

/// Where rights are ticked, under these headings.
const AREAS: [(&str, &str); 3] = [
    ("Accounts Payable", "APTransaction"),
    (
        "Common",
        "Address Company Contact Country Currency GLDimension Object ObjectValue Owner Subledger Supplier SystemValue",
    ),
    ("General Ledger", "Account RecentTransaction Transaction TransactionHeader"),
];

/// The heading that a right stands under.
fn area(right: &str) -> &'static str {
    all().find(|(_, name)| *name == right).map_or("", |(area, _)| area)
}

/// Every right of the reference list, with its heading.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    AREAS.into_iter().flat_map(|(area, rights)| rights.split(' ').map(move |right| (area, right)))
}

/// The right that a field of a root's rows needs; an empty path is the root itself.
pub(crate) fn right_for(root: &str, path: &str) -> &'static str {
    let of_field = path.rsplit('.').find_map(|name| match name {
        "header" | "transactionHeader" => Some("TransactionHeader"),
        "transactionSource" | "slTransactionType" | "payTerms" => Some("SystemValue"),
        "account" | "accountGroup" => Some("Account"),
        "company" => Some("Company"),
        "contact" => Some("Contact"),
        "country" => Some("Country"),
        "currency" => Some("Currency"),
        "glDimension" => Some("GLDimension"),
        "glObject1" | "glObject2" | "glObject3" | "glObject4" | "glObject5" | "taxRule" => Some("ObjectValue"),
        "objectKind" => Some("Object"),
        "owner" => Some("Owner"),
        "address" => Some("Address"),
        "subledger" => Some("Subledger"),
        _ => None,
    });
    of_field.unwrap_or(match root {
        "apTransactions" => "APTransaction",
        "suppliers" => "Supplier",
        "accounts" => "Account",
        "transactions" => "Transaction",
        _ => "",
    })
}

/// The rights that fields of a root's rows need, each once.
pub(crate) fn named(root: &str, fields: &[String]) -> Vec<&'static str> {
    let mut rights: Vec<&str> = Vec::new();
    for right in fields.iter().map(|field| right_for(root, field)).filter(|right| !right.is_empty()) {
        if !rights.contains(&right) {
            rights.push(right);
        }
    }
    rights
}

/// The same for a person.
pub(crate) fn describe(root: &str, fields: &[String]) -> String {
    let told: Vec<String> =
        named(root, fields).iter().map(|right| format!("{right} (under {})", area(right))).collect();
    if told.is_empty() { "it".to_owned() } else { told.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_needs_the_right_of_its_type() {
        for (root, path, right) in [
            ("transactions", "", "Transaction"),
            ("transactions", "amount", "Transaction"),
            ("transactions", "header.transactionSource.code", "SystemValue"),
            ("transactions", "header", "TransactionHeader"),
            ("transactions", "glDimension.glObject2.objectKind", "Object"),
            ("suppliers", "address.country.code", "Country"),
            ("suppliers", "address", "Address"),
            ("viewer", "", ""),
        ] {
            assert_eq!(right_for(root, path), right, "{root} {path}");
        }
        assert_eq!(describe("suppliers", &["address".to_owned()]), "Address (under Common)");
        assert_eq!(describe("viewer", &[String::new()]), "it");
    }
}
