//! `check`: what the token can read, what the schema offers, and how each document type is treated.

use xledger_spend::check::{Access, Checked, Right, Schema};
use xledger_spend::failure::Failure;
use xledger_spend::run::Answer;

use super::Desk;
use crate::figures::count;
use crate::given::{self, NeedsLake};
use crate::lines::{Side, aligned, escaped};
use crate::outcome::{self, Outcome};
use crate::summary;

/// Where rights are ticked.
const TOKEN_PAGE: &str = "Administration > Access control > GraphQL > API tokens";

pub(super) async fn check(desk: &Desk) -> Result<Outcome, Failure> {
    let settings = desk.given.settings(NeedsLake::No)?;
    let aws = given::aws(None, Some(&settings.token)).await;
    let following = desk.screen.follow(&desk.run, &desk.watched);
    let checked = Box::pin(desk.run.check(&settings, &aws)).await;
    drop(following);
    let checked = checked?;
    let text = if desk.json { outcome::json(&checked)? } else { told(&checked) };
    Ok(Outcome::answered(&Answer::Checked(Box::new(checked)), text))
}

fn told(checked: &Checked) -> String {
    let mut text = format!("\nXledger at {}", escaped(&checked.endpoint));
    if let Some(owner) = checked.owner_id {
        text.push_str(&format!(", with a token of owner {owner}"));
    }
    text.push_str("\n\nRights of the token\n");
    let rights: Vec<_> = checked.rights.iter().map(row).collect();
    text.push_str(&aligned([Side::Left; 4], &rights));
    text.push_str("\nSchema\n");
    text.push_str(&aligned([Side::Left; 2], &schema(&checked.schema)));
    let told = serde_json::to_value(checked).unwrap_or_default();
    text.push_str(&summary::lines(&told));
    text.push_str(&summary::document_types(&told));
    text.push('\n');
    text.push_str(&verdict(checked));
    text
}

fn row(right: &Right) -> [String; 4] {
    let access = match right.access {
        Access::Readable => "readable",
        Access::Missing => "MISSING",
        Access::Untested => "untested: no admitted line to ask about",
        Access::NotUsed => "not used",
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
    if !schema.missing_roots.is_empty() {
        rows.push(["roots that it lacks".to_owned(), schema.missing_roots.join(", ")]);
    }
    rows
}

fn verdict(checked: &Checked) -> String {
    let missing: Vec<&Right> = checked.rights.iter().filter(|right| right.access == Access::Missing).collect();
    if missing.is_empty() {
        return "Ready: the token has every right that a refresh was seen to need.\n".to_owned();
    }
    let things = if missing.len() == 1 {
        "a right is".to_owned()
    } else {
        format!("{} rights are", count(missing.len() as u64))
    };
    let mut text = format!("Not ready: {things} missing. In Xledger, under {TOKEN_PAGE}, tick for this token:\n");
    for right in missing {
        text.push_str(&format!("  {} (under {})\n", right.name, right.area));
    }
    text
}
