//! A stack: finds it, and deploys it as the file says.

use std::path::Path;

use serde_json::Value;

use super::{Aws, Company};

/// A stack that is there.
#[derive(Debug)]
pub(crate) struct Stack {
    /// `CREATE_COMPLETE`, …
    pub(crate) status: String,
    described: Value,
}

impl Stack {
    /// An output.
    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.found("Outputs", "OutputKey", name, "OutputValue")
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.found("Parameters", "ParameterKey", name, "ParameterValue")
    }

    fn found(&self, list: &str, key: &str, name: &str, value: &str) -> Option<&str> {
        let found = self.described.get(list)?.as_array()?.iter().find(|each| each[key] == name)?;
        found[value].as_str()
    }
}

/// What a stack is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A company.
    Company,
    /// The views over all.
    Views,
}

/// The stack of this kind and name, if there is one.
///
/// # Errors
/// AWS's message; or that another stack has this name, which a deployment would replace with ours.
pub(crate) async fn find(aws: &Aws, prefix: &str, kind: Kind) -> Result<Option<Stack>, String> {
    let described = match aws.json(&["cloudformation", "describe-stacks", "--stack-name", prefix]).await {
        Ok(described) => described["Stacks"][0].clone(),
        Err(why) if why.contains("does not exist") => return Ok(None),
        Err(why) => return Err(why),
    };
    let stack = Stack { status: described["StackStatus"].as_str().unwrap_or_default().to_owned(), described };
    let is_ours = stack.parameter("NamePrefix") == Some(prefix);
    // The template of the views has none.
    let is_company = stack.parameter("XledgerEndpoint").is_some();
    // Of a stack that never was more than a change set nothing is known.
    if stack.status != "REVIEW_IN_PROGRESS" && !(is_ours && is_company == (kind == Kind::Company)) {
        return Err(format!("the stack {prefix} is something else: choose another prefix"));
    }
    Ok(Some(stack))
}

/// Makes a stack, or brings it up to date; says what was done.
///
/// # Errors
/// Why it is not as it should be.
pub(crate) async fn deploy(
    aws: &Aws,
    kind: Kind,
    company: &Company,
    template: &Path,
    bucket: &str,
) -> Result<&'static str, String> {
    let prefix = company.prefix.as_str();
    let mut found = find(aws, prefix, kind).await?;
    if found.as_ref().is_some_and(|stack| matches!(&*stack.status, "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED")) {
        // Its creation failed, and CloudFormation accepts no update of such a stack: delete it first.
        aws.call(&["cloudformation", "delete-stack", "--stack-name", prefix]).await?;
        aws.call(&["cloudformation", "wait", "stack-delete-complete", "--stack-name", prefix]).await?;
        found = None;
    }
    let template = template.to_string_lossy();
    let mut arguments = vec!["cloudformation", "deploy", "--stack-name", prefix, "--template-file", &template];
    arguments.extend(["--s3-bucket", bucket, "--no-fail-on-empty-changeset"]);
    arguments.extend(["--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--parameter-overrides"]);
    let given: Vec<String> = company.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let prefix_given = format!("NamePrefix={prefix}");
    arguments.push(&prefix_given);
    arguments.extend(given.iter().map(String::as_str));
    match aws.call(&arguments).await {
        Ok(said) if said.contains("No changes to deploy") => Ok("unchanged"),
        Ok(_) if found.is_some() => Ok("changed"),
        Ok(_) => Ok("created"),
        Err(why) if why.contains("describe-stack-events") => Err(reason(aws, prefix).await.unwrap_or(why)),
        Err(why) if why.contains("EarlyValidation") => Err(refused_before(aws, prefix).await.unwrap_or(why)),
        Err(why) => Err(why),
    }
}

/// Why the last change of a stack failed: what failed first.
async fn reason(aws: &Aws, prefix: &str) -> Option<String> {
    let events = ["cloudformation", "describe-stack-events", "--stack-name", prefix, "--max-items", "300"];
    let events = aws.json(&events).await.ok()?;
    // Newest first.
    let of_this_change = events["StackEvents"].as_array()?.iter().take_while(|event| {
        let begins = matches!(event["ResourceStatus"].as_str(), Some("CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS"));
        !(begins && event["LogicalResourceId"] == prefix)
    });
    let failed = |event: &&Value| event["ResourceStatus"].as_str().is_some_and(|status| status.ends_with("_FAILED"));
    let first = of_this_change.filter(failed).last()?;
    Some(format!("{}: {}", first["LogicalResourceId"].as_str()?, first["ResourceStatusReason"].as_str()?))
}

/// Why CloudFormation refused the newest change of a stack before it began it: every resource whose name is taken, or whose properties are wrong.
/// `DescribeEvents` alone says so, and takes no change set by its name.
async fn refused_before(aws: &Aws, prefix: &str) -> Option<String> {
    let change_sets = aws.json(&["cloudformation", "list-change-sets", "--stack-name", prefix]).await.ok()?;
    let newest = change_sets["Summaries"].as_array()?.iter().max_by_key(|each| each["CreationTime"].as_str())?;
    let of_it = ["--change-set-name", newest["ChangeSetId"].as_str()?, "--filters", "FailedEvents=true"];
    let events = aws.json(&[&["cloudformation", "describe-events"], &of_it[..]].concat()).await.ok()?;
    let failures: Vec<String> = events["OperationEvents"].as_array()?.iter().filter_map(validation_failure).collect();
    (!failures.is_empty()).then(|| failures.join("; "))
}

fn validation_failure(event: &Value) -> Option<String> {
    let reason = event["ValidationStatusReason"].as_str()?;
    Some(format!("{}: {reason}", event["LogicalResourceId"].as_str()?))
}
