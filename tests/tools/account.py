"""MiniStack as the AWS account that the stack is deployed into, with what it lacks of the real services added.

MiniStack's CloudFormation does not know named queries, splits no text in a condition, refuses alarms on expressions and forgets some properties; its Lambda drops events instead of letting them wait;
its Athena knows no views; its Scheduler takes dates that are past, begins a rate late, and runs the function itself instead of handing the event to it; and it does not ask whether a role may do what AWS does in
the role's name, nor whether it may pass another role on. The template must not bend to any of that, so it is mended here. Nothing here
knows the product.

Settings, from the environment:
- `AUTH=true`: signatures and rights are checked (MiniStack's own switch).
- `ACCOUNT_JOURNAL`: a file that gets a line of JSON for each right that was asked of a role: `role`, `action`, `resource`, `allowed`.
- `ACCOUNT_BROKEN_PARTS`: while this file exists, S3 refuses every part of a multipart upload but the first.
"""

import base64
import contextvars
import json
import os
import threading
import time
from pathlib import Path

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import athena, eventbridge, glue, lambda_svc, s3, scheduler, secretsmanager, sts
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as TYPES


def complete():
    """Adds what is missing. Call once, before serving."""
    _complete_cloudformation()
    _complete_asynchronous_invocations()
    _complete_scheduler()
    _complete_rights()
    _complete_athena()


# ------------------------------------------------------------------------------------------------------------- CloudFormation


def _complete_cloudformation():
    TYPES["AWS::Athena::NamedQuery"] = {"create": _create_named_query, "delete": _delete_named_query}
    _take_alarms_on_expressions()
    _split_in_conditions()
    _after("AWS::Lambda::Function", "create", _reserve_concurrency)
    _after("AWS::Lambda::Function", "update", _reserve_concurrency)
    _after("AWS::S3::Bucket", "create", _keep_encryption)
    _after("AWS::S3::Bucket", "update", _keep_encryption)
    _after("AWS::SecretsManager::Secret", "create", _leave_without_value)
    for verb in ("create", "update"):
        _after("AWS::Scheduler::Schedule", verb, _keep_times)
    _after("AWS::Scheduler::Schedule", "create", _begin_at_once)


def _create_named_query(logical_id, properties, stack_name):
    _, _, body = athena._create_named_query(properties)
    name = json.loads(body)["NamedQueryId"]
    return name, {"NamedQueryId": name}


def _delete_named_query(physical_id, properties):
    athena._named_queries.pop(physical_id, None)


def _take_alarms_on_expressions():
    """An alarm on an expression is kept as it was declared; nothing evaluates it."""
    original = provisioners._cw_metric_alarm_record

    def record(name, properties):
        if "Metrics" not in properties:
            return original(name, properties)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        kept = original(name, plain | {"Namespace": "none", "MetricName": "none"})
        for field in ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit"):
            del kept[field]
        return kept | {"Metrics": properties["Metrics"]}

    provisioners._cw_metric_alarm_record = record


def _split_in_conditions():
    """A condition may split a parameter."""
    original = engine._evaluate_conditions

    def split(value, given):
        if isinstance(value, list):
            return [split(each, given) for each in value]
        if not isinstance(value, dict):
            return value
        if "Fn::Split" in value:
            separator, text = value["Fn::Split"]
            return given[text["Ref"]]["Value"].split(separator)
        return {key: split(each, given) for key, each in value.items()}

    def evaluate(template, given):
        return original(template | {"Conditions": split(template.get("Conditions", {}), given)}, given)

    for module in (changesets, engine, handlers, stacks):
        module._evaluate_conditions = evaluate


def _after(resource_type, verb, mend):
    """Has `mend` called with the physical id and the properties after a resource was made or changed."""
    original = TYPES[resource_type][verb]

    def mended(*given, **named):
        physical_id, attributes = original(*given, **named)
        mend(physical_id, given[1] if verb == "create" else given[2])
        return physical_id, attributes

    TYPES[resource_type] = TYPES[resource_type] | {verb: mended}


def _reserve_concurrency(name, properties):
    if properties.get("ReservedConcurrentExecutions") is not None:
        lambda_svc._functions[name]["concurrency"] = int(properties["ReservedConcurrentExecutions"])


def _keep_encryption(name, properties):
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    for default in (rule["ServerSideEncryptionByDefault"] for rule in rules):
        fields = "".join(f"<{field}>{value}</{field}>" for field, value in default.items())
        s3._put_bucket_encryption(name, f"<Rule><ApplyServerSideEncryptionByDefault>{fields}</ApplyServerSideEncryptionByDefault></Rule>".encode())


def _leave_without_value(name, properties):
    """A secret that is declared without a value has no version yet; MiniStack gives it an empty text."""
    if not {"SecretString", "GenerateSecretString"} & properties.keys():
        secretsmanager._secrets[name]["Versions"].clear()


def _keep_times(name, properties):
    """A schedule's times, which are dropped."""
    if refused := _past(properties):
        raise ValueError(refused)
    schedule = scheduler._schedules[f"{properties.get('GroupName', 'default')}/{name}"]
    schedule["ScheduleExpressionTimezone"] = properties.get("ScheduleExpressionTimezone", "UTC")
    schedule |= {field: properties.get(field) for field in ("StartDate", "EndDate")}


def _begin_at_once(name, properties):
    """A rate without a start begins at once, where MiniStack lets an interval pass."""
    is_on = properties.get("State", "ENABLED") == "ENABLED"
    if is_on and properties["ScheduleExpression"].startswith("rate(") and not properties.get("StartDate"):
        key = f"{properties.get('GroupName', 'default')}/{name}"
        scheduler._schedule_last_fired[(get_account_id(), get_region(), key)] = 0


def _past(schedule):
    """What Scheduler says to a start that is past, whether a schedule is made or changed."""
    start = scheduler._to_epoch(schedule.get("StartDate"))
    return "The StartDate you specify cannot be earlier than 5 minutes ago." if start and start < time.time() - 300 else None


# ------------------------------------------------------------------------------------------------------ asynchronous invocations


def _complete_asynchronous_invocations():
    """An event waits while the function is at its concurrency, which is no failed attempt; and each failed attempt counts as an error.

    MiniStack has neither. As there, attempts follow each other sooner than in AWS.
    """
    lambda_svc.invoke_async_with_retry = _invoke_asynchronously


def _invoke_asynchronously(function, event):
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_attempts, function, event), daemon=True).start()


def _attempts(function, event):
    config = function["config"]
    settings = (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
    destination = (settings.get("DestinationConfig") or {}).get("OnFailure", {}).get("Destination")
    expires = time.monotonic() + settings.get("MaximumEventAgeInSeconds", 21_600)
    attempts_left, result = 1 + settings.get("MaximumRetryAttempts", 2), {}
    while attempts_left and time.monotonic() < expires:
        began = time.time()
        result = lambda_svc._execute_function_with_config_scope(function, event)
        if not result.get("throttle"):
            attempts_left -= 1
            milliseconds = 1_000 * (time.time() - began)
            lambda_svc._emit_lambda_metrics(config["FunctionName"], milliseconds, error=bool(result.get("error")), throttle=False)
            if not result.get("error"):
                return
        time.sleep(0.2)
    if destination:
        lambda_svc._route_async_failure(destination, config["FunctionName"], event, result)


# ------------------------------------------------------------------------------------------------------------------- Scheduler


def _complete_scheduler():
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    original = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None):
        if ":schedule/" in rule.get("Arn", ""):
            _deliver(target, rule)
        else:
            original(target, event, rule, view)

    eventbridge._invoke_target = invoke_target
    for verb in ("_create_schedule", "_update_schedule"):
        setattr(scheduler, verb, _refusing_the_past(getattr(scheduler, verb)))


def _refusing_the_past(original):
    def refusing(name, body):
        refused = _past(body)
        return scheduler._error(400, "ValidationException", refused) if refused else original(name, body)

    return refusing


def _deliver(target, schedule):
    """Hands a schedule's event to the function, which is invoked asynchronously; what cannot be handed over goes to the dead letters.

    The real one tries again before it gives up, as the schedule's retry policy says.
    """
    function, _, _ = lambda_svc._get_func_record_for_ref(target["Arn"])
    payload = target.get("Input", "{}")
    if function and may(target["RoleArn"], "lambda:InvokeFunction", target["Arn"]):
        _invoke_asynchronously(function, json.loads(payload))
        return
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters and may(target["RoleArn"], "sqs:SendMessage", dead_letters):
        eventbridge._dispatch_to_sqs(eventbridge.parse_arn(dead_letters), payload)


# ----------------------------------------------------------------------------------------------------------------------- Athena


def _complete_athena():
    """Puts a query's result where the query says that it is, as Athena writes it: every value in quotes, nothing where there is none.

    MiniStack puts it below a directory of that name, in Python's words.
    """

    async def save(query_id):
        execution = athena._executions[query_id]
        results = execution["_results"]
        lines = [results["columns"], *([None if cell is None else athena._datum_text(cell) for cell in row] for row in results["rows"])]
        quoted = (",".join("" if cell is None else '"{}"'.format(cell.replace('"', '""')) for cell in line) for line in lines)
        bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
        status, _, said = s3._put_object(bucket, key, "".join(f"{line}\n" for line in quoted).encode(), {"content-type": "text/csv"})
        if status >= 300:
            raise OSError(said)

    athena._save_query_results = save
    rewrite = athena._rewrite_data_paths

    async def rewriting(query, database, catalog=None):
        return await rewrite(_with_views(query, database), database, catalog)

    athena._rewrite_data_paths = rewriting


def _with_views(query, database):
    """A query with the query of each view in the view's place, as Athena reads it from Glue; MiniStack knows no views."""
    for found in reversed(athena._table_references(query)):
        table = glue._tables.get(f"{found.database or database or 'default'}/{found.table}") or {}
        if table.get("TableType") == "VIRTUAL_VIEW":
            encoded = table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
            sql = json.loads(base64.b64decode(encoded, validate=True))["originalSql"]
            alias = "" if found.aliased else f' AS "{found.table}"'
            query = f"{query[: found.start]}({sql}){alias}{query[found.end :]}"
    return query


# ----------------------------------------------------------------------------------------------------------------------- rights


def may(role_arn, action, resource, keys=None):
    """Whether a role may do this, by its policies. Without `AUTH` it may do everything."""
    if not app.AUTH:
        return True
    role, account = role_arn.rsplit("/", 1)[-1], get_account_id()
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{role}/service",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context=keys or {},
    )
    result = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(role, account))
    note(role, action, resource, result.decision == "Allow")
    return result.decision == "Allow"


def note(role, action, resource, allowed):
    if path := os.environ.get("ACCOUNT_JOURNAL"):
        with open(path, "a", encoding="utf-8") as journal:
            journal.write(json.dumps({"role": role, "action": action, "resource": resource, "allowed": allowed}) + "\n")


def _complete_rights():
    _name_glue_tables()
    _name_groups()
    _ask_for_keys()
    _ask_for_passed_roles()
    _ask_for_logs()
    _ask_for_destination()
    # There is no certificate on the loopback interface. A policy that wants TLS is to be met, not to be left out.
    original = app.pin_request_origin
    app.pin_request_origin = lambda address, secure: original(address, True)


def _ask_for_keys():
    """Notes what is asked of roles; and where S3 and Secrets Manager would use a KMS key in a role's name, asks for that, too."""
    enforce, denied_response = iam_evaluator.enforce, iam_actions.access_denied_response
    refused_rights = []

    def enforcing(access_key, action, service, region, resource_arn="*", service_context=None):
        session = sts._sessions.get(access_key or "")
        for resource in _glue_resources(resource_arn):
            refused = enforce(access_key, action, service, region, resource_arn=resource, service_context=service_context)
            if session is None or isinstance(refused, iam_evaluator.AuthError):
                return refused
            role = session["Arn"].split("/")[1]
            note(role, action, resource, refused is None)
            if refused:
                return refused
        right = _KEY_RIGHTS.get(action)
        key = _key_of(service, action, resource_arn) if right else None
        if key is None or may(f"role/{role}", right, key, {"kms:viaservice": f"{service}.{region}.amazonaws.com"}):
            return None
        refused_rights.append(right)
        return iam_evaluator.EvalResult("ImplicitDeny", principal_arn=session["Arn"])

    def denying(service, action, *given, **named):
        # Nothing else runs between the refusal and its answer.
        return denied_response(service, refused_rights.pop() if refused_rights else action, *given, **named)

    iam_evaluator.enforce, iam_actions.access_denied_response = enforcing, denying


def _name_glue_tables():
    """A right on a Glue table is asked for on the table, its database and the catalogue; MiniStack asks on the database alone."""
    original = iam_actions.extract_resource_arn

    def extract(service, method, path, headers, body, *given):
        resource = original(service, method, path, headers, body, *given)
        asked = json.loads(body or b"{}") if service == "glue" else {}
        table = asked.get("Name") or asked.get("TableInput", {}).get("Name")
        if "DatabaseName" in asked and table:
            return f"{resource.replace(':database/', ':table/')}/{table}"
        return resource

    iam_actions.extract_resource_arn = extract


def _name_groups():
    """A schedule's right is asked for on the schedule in its group; MiniStack takes every schedule for one of the group `default`."""
    original = iam_actions.extract_resource_arn

    def extract(service, method, path, headers, body, *given):
        resource = original(service, method, path, headers, body, *given)
        group = json.loads(body or b"{}").get("GroupName") if service == "scheduler" else None
        return resource.replace(":schedule/default/", f":schedule/{group}/") if group else resource

    iam_actions.extract_resource_arn = extract


def _glue_resources(resource):
    head, table, name = resource.partition(":table/")
    if not (table and ":glue:" in head):
        return [resource]
    return [resource, f"{head}:database/{name.split('/')[0]}", f"{head}:catalog"]


_KEY_RIGHTS = {"s3:PutObject": "kms:GenerateDataKey", "s3:GetObject": "kms:Decrypt", "secretsmanager:GetSecretValue": "kms:Decrypt"}


def _key_of(service, action, resource):
    """The KMS key of a bucket, an object that is read, or a secret, if it has one. An object keeps the key that it was written with."""
    if service == "s3":
        bucket, _, name = resource.split(":::", 1)[-1].partition("/")
        written = s3._buckets[bucket]["objects"].get(name) if action == "s3:GetObject" else None
        headers = s3._stored_sse_headers(written) if written else s3._bucket_default_sse_headers(bucket)
        return headers.get("x-amz-server-side-encryption-aws-kms-key-id")
    _, secret = secretsmanager._resolve(resource)
    return secret and secret["KmsKeyId"]


def _ask_for_passed_roles():
    """A role that makes a schedule passes the schedule's role to Scheduler, which takes a right on that role."""
    original = scheduler._create_schedule

    def create(name, body):
        caller, passed = iam_evaluator.caller_arn(), body.get("Target", {}).get("RoleArn", "")
        role, _, _ = caller.rpartition("/")
        to = {"iam:passedtoservice": "scheduler.amazonaws.com"}
        if ":assumed-role/" in role and not may(role, "iam:PassRole", passed, to):
            message = iam_actions.identity_denial_message("iam:PassRole", caller, passed, explicit_deny=False)
            return scheduler._error(403, "AccessDeniedException", message)
        return original(name, body)

    scheduler._create_schedule = create


def _ask_for_logs():
    """A function whose role may not write its log has none, and nobody is told."""
    original = lambda_svc._emit_lambda_logs

    def emit(function, request_id, *given, **named):
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:{request_id}"
        if may(config["Role"], "logs:CreateLogStream", stream) and may(config["Role"], "logs:PutLogEvents", stream):
            original(function, request_id, *given, **named)

    lambda_svc._emit_lambda_logs = emit


def _ask_for_destination():
    original = lambda_svc._route_async_failure

    def route(target, name, event, result):
        role = lambda_svc._functions[name]["config"]["Role"]
        if ":sqs:" not in target or may(role, "sqs:SendMessage", target):
            original(target, name, event, result)

    lambda_svc._route_async_failure = route


# ----------------------------------------------------------------------------------------------------------------------- faults


def with_faults(application):
    """The application with the faults that a test may switch on."""

    async def faulty(scope, receive, send):
        broken = os.environ.get("ACCOUNT_BROKEN_PARTS")
        query = scope.get("query_string", b"").decode()
        if broken and "partNumber=" in query and "partNumber=1&" not in query + "&" and Path(broken).exists():
            # Unread, the rest of what was sent would break the line, maybe before the answer is read.
            while (await receive()).get("more_body"):
                pass
            body = b"<Error><Code>AccessDenied</Code><Message>the test says so</Message></Error>"
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"application/xml")]})
            await send({"type": "http.response.body", "body": body})
        else:
            await application(scope, receive, send)

    return faulty
