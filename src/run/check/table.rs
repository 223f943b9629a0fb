//! What a check found, as lines for a person: the command line prints them, the function's answer carries them.

use super::{Checked, Right, RightAccess, Schema};
use crate::display::figures::count;
use crate::display::lines::{Align, aligned, sanitize};
use crate::report::{Report, summary};
use crate::xledger::LossReason;

/// Where rights are ticked.
const TOKEN_PAGE: &str = "Administration > Access control > GraphQL > API tokens";

/// The address, the rights, the schema, what would become of the lines, the document types, and the verdict. Safe to show on a terminal.
pub(super) fn table(checked: &Checked) -> Vec<String> {
    let mut text = format!("Xledger at {}", sanitize(&checked.endpoint));
    if let Some(owner) = checked.owner_id {
        text.push_str(&format!(", with a token of owner {owner}"));
    }
    text.push_str("\n\nRights of the token\n");
    let rights: Vec<_> = checked.rights.iter().map(row).collect();
    text.push_str(&aligned(&[Align::Left; 4], &rights));
    text.push_str("\nSchema\n");
    text.push_str(&aligned(&[Align::Left; 2], &schema(&checked.schema)));
    let Checked { lines, payables, document_types, .. } = checked.clone();
    let found = Report { lines, payables, document_types, ..Report::default() };
    text.push_str(&summary::counts(&found));
    text.push_str(&checked.estimate.map_or(String::new(), |estimate| estimate.table()));
    text.push_str(&summary::document_types(&found));
    text.push('\n');
    text.push_str(&verdict(checked));
    text.lines().map(str::to_owned).collect()
}

fn row(right: &Right) -> [String; 4] {
    let access = match right.access {
        RightAccess::Readable => "readable",
        RightAccess::Missing if right.optional => "missing",
        RightAccess::Missing => "MISSING",
        RightAccess::Untested => "untested",
        RightAccess::NotUsed => "not used",
    };
    let message = right.message.clone().unwrap_or_default();
    [right.area.to_owned(), right.name.to_owned(), access.to_owned(), message]
}

fn schema(schema: &Schema) -> Vec<[String; 2]> {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let mut rows = vec![
        ["introspection answers".to_owned(), yes(schema.introspection).to_owned()],
        ["owners have a currency".to_owned(), yes(schema.owner_currency).to_owned()],
        ["ledger ids in filters".to_owned(), format!("{:?}", schema.ledger_id_type)],
        ["AP ids in filters".to_owned(), format!("{:?}", schema.payable_id_type)],
    ];
    if !schema.id_lists {
        rows.push(["lists of ids in filters".to_owned(), "no; asked for one by one".to_owned()]);
    }
    if !schema.missing_roots.is_empty() {
        rows.push(["roots that it lacks".to_owned(), schema.missing_roots.join(", ")]);
    }
    rows
}

fn verdict(checked: &Checked) -> String {
    let mut text = String::new();
    for lost in &checked.lost {
        let columns = lost.columns.join(", ");
        text.push_str(&match lost.reason {
            LossReason::NotAllowed => format!("Null without the right {} ({}): {columns}\n", lost.right, lost.field),
            LossReason::NotResolved => format!("Null, for Xledger fails to answer {}: {columns}\n", lost.field),
            LossReason::NotInSchema => format!("Null, for the schema has no {}: {columns}\n", lost.field),
        });
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let missing: Vec<&Right> =
        checked.rights.iter().filter(|right| right.access == RightAccess::Missing && !right.optional).collect();
    for what in &checked.in_the_way {
        text.push_str(&format!("In the way: {}\n", sanitize(what)));
    }
    for what in &checked.to_know {
        text.push_str(&format!("Note: {}\n", sanitize(what)));
    }
    if missing.is_empty() {
        text.push_str(match (checked.ready, checked.lost.is_empty()) {
            (true, true) => "Ready: the token has every right that a refresh was seen to need.\n",
            (true, false) => "Ready, without the columns above.\n",
            (false, _) => "Not ready.\n",
        });
        return text;
    }
    let things = if missing.len() == 1 {
        "a right is".to_owned()
    } else {
        format!("{} rights are", count(missing.len() as u64))
    };
    text.push_str(&format!("Not ready: {things} missing. In Xledger, under {TOKEN_PAGE}, tick for this token:\n"));
    for right in missing {
        text.push_str(&format!("  {} (under {})\n", right.name, right.area));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::lines::is_control_char;
    use crate::model::treatment::Treatment;
    use crate::report::counts::{Counts, PayableCounts, TypeCount};
    use crate::xledger::{IdType, LostField, Usage};

    fn checked() -> Checked {
        let right = |area, name, access, message: Option<&str>| Right {
            area,
            name,
            access,
            optional: area == "Common",
            message: message.map(str::to_owned),
        };
        let kind = |code: Option<&str>, description: &str, treatment, lines| TypeCount {
            code: code.map(str::to_owned),
            description: Some(description.to_owned()),
            treatment,
            lines,
            kept: lines,
        };
        Checked {
            action: "check",
            endpoint: "https://www.xledger.net/graphql".to_owned(),
            owner_id: Some(4_242),
            ready: true,
            in_the_way: vec![],
            to_know: vec![],
            unknown_accounts: vec![],
            accounts_to_confirm: vec![],
            rights: vec![
                right("Accounts Payable", "APTransaction", RightAccess::Readable, None),
                right("Common", "Subledger", RightAccess::Untested, None),
                right("Common", "SystemValue", RightAccess::NotUsed, None),
            ],
            schema: Schema {
                introspection: true,
                ledger_id_type: IdType::Int,
                payable_id_type: IdType::Int64String,
                owner_currency: false,
                id_lists: true,
                missing_roots: vec![],
            },
            lost: vec![],
            lines: Some(Counts { listed: 2_000, excluded_payroll: 500, kept: 1_500, ..Counts::default() }),
            payables: Some(PayableCounts { listed: 12, kept: 12, ..PayableCounts::default() }),
            document_types: vec![
                kind(Some("AP"), "Inngående faktura", Treatment::Kept, 1_500),
                kind(Some("LØ"), "Lønn", Treatment::Payroll, 500),
            ],
            estimate: None,
            api: Usage::default(),
            table: vec![],
        }
    }

    #[test]
    fn a_check_is_told() {
        let expected = "\
Xledger at https://www.xledger.net/graphql, with a token of owner 4242

Rights of the token
  Accounts Payable  APTransaction  readable
  Common            Subledger      untested
  Common            SystemValue    not used

Schema
  introspection answers   yes
  owners have a currency  no
  ledger ids in filters   Int
  AP ids in filters       Int64String

Ledger lines
  listed     2,000
  - payroll    500  their amounts, texts and names were never asked for
  kept       1,500  75.0 % of all

Accounts-payable lines (they name the suppliers)
  listed  12
  kept    12

Document types
  AP  Inngående faktura  kept               1,500
  LØ  Lønn               payroll, left out    500

Ready: the token has every right that a refresh was seen to need.";
        assert_eq!(table(&checked()).join("\n"), expected);
    }

    #[test]
    fn what_is_missing_is_named_and_the_rest_left_out() {
        let mut checked = checked();
        (checked.owner_id, checked.lines, checked.payables, checked.document_types) = (None, None, None, vec![]);
        checked.schema.missing_roots = vec!["suppliers", "accounts"];
        for (right, words) in checked.rights.iter_mut().zip(["no\u{1b}[2J access", "no", "no"]) {
            (right.access, right.message) = (RightAccess::Missing, Some(words.to_owned()));
        }
        checked.rights[1].optional = false;
        checked.in_the_way = vec!["there is no root `x\u{7}`".to_owned()];
        let lost = |reason| LostField {
            field: "suppliers.phone".to_owned(),
            columns: vec!["supplier.phone".to_owned()],
            right: "Supplier".to_owned(),
            reason,
        };
        checked.lost = vec![lost(LossReason::NotAllowed), lost(LossReason::NotInSchema)];
        let lines = table(&checked);
        let text = lines.join("\n");
        for words in [
            "  Accounts Payable  APTransaction  MISSING  no\\u{1b}[2J access",
            "  roots that it lacks     suppliers, accounts",
            "  Common            SystemValue    missing  no",
            "Null without the right Supplier (suppliers.phone): supplier.phone\nNull, for the schema has no suppliers.phone: supplier.phone\n",
            "In the way: there is no root `x\\u{7}`",
            "Not ready: 2 rights are missing. In Xledger, under Administration > Access control > GraphQL > API tokens, tick",
            "  APTransaction (under Accounts Payable)\n  Subledger (under Common)",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("Ledger lines") && !text.contains("Document types") && !text.contains("owner 4242"));
        assert!(lines.iter().all(|line| !line.contains(is_control_char)), "{lines:?}");
    }
}
