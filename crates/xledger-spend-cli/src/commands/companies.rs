//! `companies`: deploys, checks or lists many companies, several at once. If one fails, the others go on, and it is named at the end.

use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};
use serde_json::{Map, Value, json};
use xledger_spend::lake::LakeUrl;
use xledger_spend::model::failure::{Failure, FailureKind};
use xledger_spend::run;

use crate::args::CompaniesAction;
use crate::companies::stack::{self, Kind};
use crate::companies::{Aws, Company, Plan, views};
use crate::context::Context;
use crate::figures::count;
use crate::lines::{Align, aligned, sanitize, wrapped};
use crate::outcome::{self, Exit, Outcome};

/// How many companies have their turn at the same time: most of it is waiting for AWS.
const AT_ONCE: usize = 4;

/// What is told of a company, in the order of the action's headings; or why it failed.
type CompanyResult = Result<Vec<Value>, CompanyFailure>;

/// Why a company failed, and what is told of it all the same.
struct CompanyFailure {
    why: String,
    values: Vec<Value>,
}

impl From<String> for CompanyFailure {
    fn from(why: String) -> Self {
        Self { why, values: Vec::new() }
    }
}

pub(super) async fn companies(
    context: &Context,
    action: CompaniesAction,
    file: PathBuf,
    template: PathBuf,
) -> Result<Outcome, Failure> {
    let plan = Plan::read(&file, &template)?;
    let aws = Aws::new(&plan.region);
    match aws.json(&["sts", "get-caller-identity"]).await {
        Ok(caller) if caller["Account"] == plan.account => (),
        Ok(caller) => {
            let here = caller["Account"].as_str().unwrap_or("of an unknown number");
            let what = format!("signed in to the account {here}, but {} is for {}", file.display(), plan.account);
            return Err(Failure::new(FailureKind::SettingsInvalid, format!("{what}; nothing was done")));
        }
        Err(why) => return Ok(nothing_done(context, &why)),
    }
    let (headings, rows): (&[&str], _) = match action {
        CompaniesAction::Deploy => match deploy(context, &plan, &aws, &template).await {
            Ok(rows) => (&["stack"], rows),
            Err(why) => return Ok(nothing_done(context, &why)),
        },
        CompaniesAction::Check => {
            (&["verdict", "notes", "answer"], for_each_company(context, &plan, |company| check(&aws, company)).await)
        }
        CompaniesAction::List => {
            let region = aws_config::Region::new(plan.region.clone());
            let sdk = xledger_spend::aws::load().await.into_builder().region(region).build();
            let headings = &["stack", "last run", "at", "spend rows", "suppliers", "snapshot"];
            (headings, for_each_company(context, &plan, |company| list(&aws, &sdk, company)).await)
        }
    };
    summarize(context, headings, &rows)
}

/// Handles each company, and prints its outcome as soon as it is known.
async fn for_each_company<'a, T: Future<Output = CompanyResult>>(
    context: &Context,
    plan: &'a Plan,
    turn: impl Fn(&'a Company) -> T,
) -> Vec<(&'a str, CompanyResult)> {
    let turns = plan.companies.iter().enumerate().map(|(at, company)| {
        let turn = turn(company);
        async move {
            let told = turn.await;
            print_progress(context, &company.prefix, &told);
            (at, (company.prefix.as_str(), told))
        }
    });
    // A slow one keeps no other from its turn.
    let mut told: Vec<_> = stream::iter(turns).buffer_unordered(AT_ONCE).collect().await;
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, told)| told).collect()
}

fn print_progress(context: &Context, prefix: &str, told: &CompanyResult) {
    let what = match told {
        Ok(values) => values.first().map(cell).unwrap_or_default(),
        Err(failure) => format!("failed: {}", failure.why),
    };
    context.terminal.line(&sanitize(&format!("{prefix}: {what}")));
}

async fn deploy<'a>(
    context: &Context,
    plan: &'a Plan,
    aws: &Aws,
    template: &Path,
) -> Result<Vec<(&'a str, CompanyResult)>, String> {
    // The same for each release and each company, and the bucket that the pages and policies name.
    let bucket = format!("xledger-spend-code-{}-{}", plan.account, plan.region);
    match aws.call(&["s3", "mb", &format!("s3://{bucket}")]).await {
        Err(why) if !why.contains("BucketAlreadyOwnedByYou") => return Err(why),
        _ => (),
    }
    let directory = tempfile::tempdir().map_err(|error| format!("there is no place for a template: {error}"))?;
    let packaged = directory.path().join("packaged.yaml");
    let (template, output) = (template.to_string_lossy(), packaged.to_string_lossy());
    let package = ["cloudformation", "package", "--template-file", &template, "--s3-bucket", &bucket];
    aws.call(&[&package[..], &["--output-template-file", &output]].concat()).await?;
    let turn = async |company| Ok(vec![json!(stack::deploy(aws, Kind::Company, company, &packaged, &bucket).await?)]);
    let mut rows = for_each_company(context, plan, turn).await;
    if let Some(company) = &plan.views {
        let made = async {
            let (template, over) = views::over(aws, company, &plan.companies).await?;
            let file = directory.path().join("views.json");
            std::fs::write(&file, template)
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            let done = stack::deploy(aws, Kind::Views, company, &file, &bucket).await?;
            Ok(vec![json!(format!("{done}, views over {over} of {}", plan.companies.len()))])
        };
        let told = made.await;
        print_progress(context, &company.prefix, &told);
        rows.push((&company.prefix, told));
    }
    Ok(rows)
}

async fn check(aws: &Aws, company: &Company) -> CompanyResult {
    let invoke = ["lambda", "invoke", "--function-name", &company.prefix, "--cli-read-timeout", "910"];
    let through_pipes = ["--payload", "fileb:///dev/stdin", "--output", "json", "/dev/stdout"];
    let said = aws.call_with(&[&invoke[..], &through_pipes].concat(), r#"{"action": "check"}"#).await?;
    // The function's answer, then what Lambda says of the call.
    let mut values = serde_json::Deserializer::from_str(&said).into_iter::<Value>().filter_map(Result::ok);
    let (answer, call) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    if !call["FunctionError"].is_null() {
        return Err(format!("{}: {}", text("errorType"), text("errorMessage")).into());
    }
    let lines = || answer["table"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let is_verdict = |line: &&str| line.starts_with("Ready") || line.starts_with("Not ready");
    let verdict = lines().skip_while(|line| !is_verdict(line)).collect::<Vec<_>>().join(" ");
    if verdict.is_empty() {
        return Err("the function gave no answer to a check".to_owned().into());
    }
    let notes = lines().filter(|line| line.starts_with("Note")).count() as u64;
    let in_the_way = answer["in_the_way"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let why: Vec<&str> = in_the_way.chain([verdict.as_str()]).collect();
    let (is_ready, why) = (answer["ready"] == true, why.join(" "));
    let values = vec![json!(verdict), json!(notes), answer];
    if is_ready { Ok(values) } else { Err(CompanyFailure { why, values }) }
}

async fn list(aws: &Aws, sdk: &aws_config::SdkConfig, company: &Company) -> CompanyResult {
    let Some(stack) = stack::find(aws, &company.prefix, Kind::Company).await? else {
        return Err("there is no such stack; `companies deploy` makes it".to_owned().into());
    };
    let Some(url) = stack.output("LakeUrl") else {
        return Err(format!("the stack is in the state {}; run `companies deploy`", stack.status).into());
    };
    let look = async {
        let lake = run::open_at(&LakeUrl::parse(url)?, sdk).await?;
        let manifest = match lake.current().await? {
            Some((current, _)) => Some(lake.manifest(&current).await?),
            None => None,
        };
        Ok::<_, Failure>((manifest, lake.last_run().await?.unwrap_or_default()))
    };
    let (manifest, last) = look.await.map_err(|failure| format!("{}, but {}", stack.status, failure.message))?;
    let ended = match (last["status"].as_str(), last["error_kind"].as_str()) {
        (Some(status), Some(kind)) => json!(format!("{status}: {kind}")),
        (status, _) => json!(status),
    };
    let tables = manifest.as_ref().map(|manifest| &manifest.tables);
    Ok(vec![
        json!(stack.status),
        ended,
        last["finished_at"].clone(),
        json!(tables.map(|tables| tables.spend.rows)),
        json!(tables.map(|tables| tables.supplier.rows)),
        json!(manifest.as_ref().map(|manifest| manifest.snapshot.as_str())),
    ])
}

/// The table, and what failed.
fn summarize(context: &Context, headings: &[&str], rows: &[(&str, CompanyResult)]) -> Result<Outcome, Failure> {
    let failed: Vec<_> = rows.iter().filter_map(|(company, told)| Some((company, &told.as_ref().err()?.why))).collect();
    let exit = if failed.is_empty() { Exit::Done } else { Exit::Failed };
    if context.json {
        let for_programs = |(company, told): &(&str, CompanyResult)| {
            let mut row = Map::from_iter([("company".to_owned(), json!(company))]);
            let keys = headings.iter().map(|heading| heading.replace(' ', "_"));
            let values = told.as_ref().unwrap_or_else(|failure| &failure.values);
            row.extend(keys.zip(values.iter().cloned()));
            row.insert("error".to_owned(), json!(told.as_ref().err().map(|failure| &failure.why)));
            Value::Object(row)
        };
        let rows: Vec<Value> = rows.iter().map(for_programs).collect();
        return Ok(Outcome { text: outcome::json(&json!({"companies": rows}))?, exit, failure: None });
    }
    // Objects are for programs and get no column.
    let shown = |values: &[Value]| values.iter().filter(|value| !value.is_object()).map(cell).collect::<Vec<_>>();
    let headings = headings.iter().filter(|heading| **heading != "answer").map(|heading| (*heading).to_owned());
    let mut lines = vec![[vec!["company".to_owned()], headings.collect()].concat()];
    let width = lines[0].len();
    for (company, told) in rows {
        let cells = told.as_ref().map_or_else(|_| vec!["failed".to_owned()], |values| shown(values));
        let mut line = [vec![(*company).to_owned()], cells].concat();
        line.resize(width, String::new());
        lines.push(line);
    }
    let mut sides = vec![Align::Left; width];
    for (side, heading) in sides.iter_mut().zip(&lines[0]) {
        if matches!(heading.as_str(), "spend rows" | "suppliers" | "notes") {
            *side = Align::Right;
        }
    }
    let mut text = format!("\n{}", aligned(&sides, &lines));
    if !failed.is_empty() {
        text.push_str(&format!("\nFailed: {} of {}\n", failed.len(), rows.len()));
        for (company, why) in failed {
            text.push_str(&format!("  {company}\n{}", wrapped(&sanitize(why), 4)));
        }
    }
    Ok(Outcome { text, exit, failure: None })
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_u64().map(count).unwrap_or_default(),
        _ => String::new(),
    }
}

fn nothing_done(context: &Context, why: &str) -> Outcome {
    context.terminal.failed(&format!("{why}; nothing was done"));
    let text = if context.json { outcome::json(&json!({"error": why})).unwrap_or_default() } else { String::new() };
    Outcome { text, exit: Exit::Failed, failure: None }
}
