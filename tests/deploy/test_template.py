"""`template.yaml` and `infra/` without deploying them: linters, and what the template says beside what the program and the pages say.

`UPDATE_GENERATED=1` writes the files of `infra/` that stand in the template, too, into it.
"""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import views
from alarms import watched
from cloudformation import Stack, load
from policies import of_infra

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "template.yaml"
INFRA = REPOSITORY / "infra"
SAM = REPOSITORY / ".tools" / "sam" / "bin"
LINT = REPOSITORY / ".tools" / "lint" / "bin"
REGION = "eu-north-1"
LONGEST_LINT_S = 180


def text():
    return TEMPLATE.read_text("utf-8")


@pytest.fixture(scope="module")
def template():
    return load(text())


# -------------------------------------------------------------------------------------------------------------- the linters


def run(program, *arguments, **options):
    assert program.is_file(), f"{program} is missing: run `make tools`"
    # No linter asks anything of the network: neither its own makers nor, by accident, an account of AWS.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    environment |= {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=LONGEST_LINT_S, env=environment, **options)


def expand(file):
    """Writes the plain CloudFormation that a SAM template becomes beside it."""
    done = run(SAM / "python", REPOSITORY / "tests" / "deploy" / "expand.py", file)
    assert done.returncode == 0, done.stderr
    expanded = file.with_suffix(".expanded.json")
    expanded.write_text(done.stdout, "utf-8")
    return expanded


def cfn_lint(folder, *files):
    """What a version of cfn-lint finds, by file. A finding begins with its place."""
    done = run(folder / "cfn-lint", "--format", "json", "--regions", REGION, "--", *files)
    assert done.stdout, done.stderr
    found = {file: [] for file in files}
    for finding in json.loads(done.stdout):
        where = "/".join(map(str, finding["Location"]["Path"] or []))
        found[Path(finding["Filename"])].append(f"{where} {finding['Rule']['Id']} {finding['Message']}")
    return found


def sam_validate(file):
    """What SAM says of a template, or nothing."""
    done = run(SAM / "sam", "validate", "--lint", "--region", REGION, "--template-file", file, cwd=file.parent)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def checkov(*files):
    """What checkov finds, by file."""
    arguments = [argument for file in files for argument in ("--file", file)]
    done = run(LINT / "checkov", *arguments, "--framework", "cloudformation", "--skip-download", "--output", "json")
    assert done.stdout, done.stderr
    results = json.loads(done.stdout)["results"]
    assert results["parsing_errors"] == []
    looked_at = {Path(check["file_abs_path"]) for check in results["passed_checks"]}
    assert looked_at == set(files), "a file with nothing to say of it was not looked at"
    found = {file: [] for file in files}
    for check in results["failed_checks"]:
        found[Path(check["file_abs_path"])].append(f"{check['check_id']} {check['check_name']}: {check['resource']}")
    return found


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The template and what it becomes, in a directory of their own."""
    template = tmp_path_factory.mktemp("template") / "template.yaml"
    shutil.copy(TEMPLATE, template)
    views_over_all = template.with_name("views.json")
    shutil.copy(INFRA / "views.json", views_over_all)
    return template, expand(template), views_over_all


def test_sam_finds_nothing(tmp_path):
    """And in a template with a fault, the fault."""
    assert sam_validate(TEMPLATE) == ""
    wrong = tmp_path / "template.yaml"
    wrong.write_text(text().replace("Type: AWS::Serverless::Function", "Type: AWS::Serverless::Fonction"), "utf-8")
    assert "Fonction" in sam_validate(wrong)


@pytest.fixture(scope="module")
def mistaken(tmp_path_factory):
    """The template with every mistake of the list, and what it becomes."""
    wrong = text()
    for right, mistake, _ in MISTAKES:
        assert wrong.count(right) == 1, f"{right!r} must be there once to be replaced"
        wrong = wrong.replace(right, mistake)
    template = tmp_path_factory.mktemp("mistaken") / "template.yaml"
    template.write_text(wrong, "utf-8")
    return template, expand(template)


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    """The policies of `infra/` as a template, right, and with an action that is none."""
    directory = tmp_path_factory.mktemp("policies")
    right, wrong = directory / "right.json", directory / "wrong.json"
    right.write_text(json.dumps(policies_as_template()), "utf-8")
    wrong.write_text(right.read_text("utf-8").replace("glue:GetTables", "glue:ReadTables"), "utf-8")
    return right, wrong


@pytest.fixture(scope="module")
def findings(copies, mistaken, policies):
    """What each version of cfn-lint finds, in one run of each."""
    return [cfn_lint(folder, *copies, *mistaken, *policies) for folder in (SAM, LINT)]


def test_cfn_lint_finds_nothing(findings, copies, policies):
    assert [found[file] for found in findings for file in (*copies, policies[0])] == [[]] * 8


def test_cfn_lint_finds_each_mistake(findings, mistaken, policies):
    """So that nothing found means something. Together: each version misses some, and some show in the expanded template alone."""
    found = [finding for found in findings for file in mistaken for finding in found[file]]
    assert [where for *_, where in MISTAKES if not any(finding.startswith(where) for finding in found)] == []
    assert all("readtables" in str(found[policies[1]]).lower() for found in findings)


def test_the_two_versions_of_cfn_lint_are_two():
    versions = [dist.name for folder in (SAM, LINT) for dist in folder.parent.glob("lib/*/site-packages/cfn_lint-*.dist-info")]
    assert len(set(versions)) == 2


def test_checkov_finds_nothing(copies, tmp_path):
    """And in a template with a fault, the fault."""
    wrong = tmp_path / "template.yaml"
    wrong.write_text(text().replace("BlockPublicAcls: true", "BlockPublicAcls: false"), "utf-8")
    found = checkov(*copies, wrong)
    assert [finding for file in copies for finding in found[file]] == []
    assert [finding.rpartition(".")[2] for finding in found[wrong]] == ["LakeBucket"]


def test_every_exception_from_a_linter_has_its_reason(template):
    resources = template["Resources"].values()
    exceptions = [skip for resource in resources for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])]
    assert exceptions and all(len(skip["comment"]) > 20 for skip in exceptions)
    ignored = template["Metadata"]["cfn-lint"]["config"]["ignore_checks"]
    for rule in ignored:
        assert re.search(rf"#[^\n]+\n +- {rule}\n", text()), f"{rule} has no comment above it"


# What is right, the mistake in its place, and where a linter must see it.
MISTAKES = [
    ("Default: rate(3 days)", "Default: rate(3 day)", "Parameters/ScheduleExpression/Default"),
    ("Default: 1900-3000", "Default: 1900 to 3000", "Parameters/ExcludedAccounts/Default"),
    ("RoleArn: !GetAtt ScheduleRole.Arn", "RoleArn: !GetAtt ScheduleRoll.Arn", "Resources/RefreshSchedule/Properties/Target/RoleArn"),
    ("RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: !Ref LogRetention", "Resources/FunctionLogGroup/Properties/RetentionInDays"),
    ("Condition: HasEmail", "Condition: HasMail", "Resources/AlarmSubscription/Condition"),
    ("DeadLetterConfig:\n          Arn:", "DeadLetterConfig:\n          TargetArn:", "Resources/RefreshSchedule/Properties/Target/DeadLetterConfig"),
    ("glue:UpdateTable]", "glue:UpdateTabel]", "Resources/FunctionRole/Properties/Policies/0/PolicyDocument"),
    ("Timeout: 900", "Timeout: 901", "Resources/RefreshFunction/Properties/Timeout"),
]


# ------------------------------------------------------------------------------------------------------ the parts that are files


def put(lines, after, key, body, deeper=2, ends_with=("",)):
    """The lines of a template with other lines as the block of the first such key after a line."""
    key_at = next(number for number, line in enumerate(lines) if number > lines.index(after) and line.strip() == key)
    indent = len(lines[key_at]) - len(lines[key_at].lstrip())
    ends = (number for number, line in enumerate(lines) if number > key_at and line.strip() and len(line) - len(line.lstrip()) <= indent)
    body = [f"{' ' * (indent + deeper)}{line}" if line else "" for line in body]
    return [*lines[: key_at + 1], *body, *ends_with, *lines[next(ends, len(lines)) :]]


def lines_of(file):
    return file.read_text("utf-8").splitlines()


def with_files(template_text):
    """The template with the files of `infra/` put in anew."""
    lines = template_text.splitlines()
    for file in sorted((INFRA / "athena" / "queries").glob("*.sql")):
        lines = put(lines, f"      Description: infra/athena/queries/{file.name}", "QueryString: |", lines_of(file))
    for file in sorted((INFRA / "athena" / "views").glob("*.sql")):
        after = f"        Name: {file.stem}"
        columns = [f"- {{Name: {name}, Type: '{kind}'}}" if "," in kind else f"- {{Name: {name}, Type: {kind}}}" for name, kind in views.columns(file)]
        lines = put(lines, after, "Columns:", columns, ends_with=())
        lines = put(lines, after, "- Fn::Base64: !Sub >-", views.lines_of_definition(file), deeper=4, ends_with=())
    lines = put(lines, "    Type: AWS::CloudWatch::Dashboard", "DashboardBody: !Sub |", lines_of(INFRA / "dashboard.json"))
    return "\n".join(lines) + "\n"


def test_the_template_has_the_files_of_infra(template):
    if os.environ.get("UPDATE_GENERATED"):
        TEMPLATE.write_text(with_files(text()), "utf-8")
    template = load(text())
    queries = {
        resource["Properties"]["Description"]: resource["Properties"]["QueryString"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Athena::NamedQuery"
    }
    files = {file.relative_to(REPOSITORY).as_posix(): file.read_text("utf-8") for file in (INFRA / "athena" / "queries").glob("*.sql")}
    assert queries == files
    assert [file.stem for file in views.FILES] == [each["Properties"]["TableInput"]["Name"] for each in of_type(template, "AWS::Glue::Table")]
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert body == (INFRA / "dashboard.json").read_text("utf-8")


def of_type(template, kind):
    return [resource for resource in template["Resources"].values() if resource["Type"] == kind]


@pytest.mark.parametrize("file", views.FILES, ids=lambda file: file.stem)
def test_a_view_is_the_one_of_its_file(template, file):
    """The definition that Athena reads, decoded: the query of the file, and its columns with their types in Trino's words and in Glue's."""
    [table] = [each for each in of_type(template, "AWS::Glue::Table") if each["Properties"]["TableInput"]["Name"] == file.stem]
    table = Stack(template, NamePrefix="xledger-spend").of(table)["Properties"]
    view = table["TableInput"]
    assert view["TableType"] == "VIRTUAL_VIEW" and view["ViewExpandedText"] == "/* Presto View */"
    assert view["Parameters"] == {"presto_view": "true", "comment": "Presto View"} and view["Description"] == "Presto View"
    columns = views.columns(file)
    assert [(column["Name"], column["Type"]) for column in view["StorageDescriptor"]["Columns"]] == columns
    assert views.decoded(view) == {
        "catalog": "awsdatacatalog",
        "schema": table["DatabaseName"],
        "columns": [{"name": name, "type": "varchar" if kind == "string" else kind} for name, kind in columns],
        "originalSql": views.query(file),
    }


def test_a_view_has_no_amount_that_a_payroll_line_could_be_worked_out_from(template):
    """A voucher balances: what an AP line owes, less the lines that are shown, would be the line that was left out."""
    for file in views.FILES:
        assert not {name for name, _ in views.columns(file)} & {"gross", "gross_amount", "open_amount", "remaining"}
        assert "payroll" in views.comment(file.read_text("utf-8"))


def test_a_file_that_has_changed_is_put_in(tmp_path, monkeypatch):
    assert with_files(text()) == text()
    other = tmp_path / "infra"
    shutil.copytree(INFRA, other)
    (other / "athena" / "queries" / "vat-by-month.sql").write_text("SELECT 1\n\nFROM spend\n", "utf-8")
    (other / "athena" / "views" / "invoice.sql").write_text("-- Nothing.\nSELECT supplier_key, amount\nFROM spend\n", "utf-8")
    (other / "dashboard.json").write_text('{"widgets": []}\n', "utf-8")
    monkeypatch.setattr(f"{__name__}.INFRA", other)
    resources = load(with_files(text()))["Resources"]
    assert resources["VatByMonthQuery"]["Properties"]["QueryString"] == "SELECT 1\n\nFROM spend\n"
    assert resources["Dashboard"]["Properties"]["DashboardBody"] == {"Fn::Sub": '{"widgets": []}\n'}
    view = Stack(load(with_files(text()))).of(resources["InvoiceView"])["Properties"]["TableInput"]
    assert views.decoded(view)["originalSql"] == "SELECT supplier_key, amount FROM spend"
    unchanged = load(text())["Resources"]
    assert {name for name in unchanged if unchanged[name] != resources[name]} == {"VatByMonthQuery", "InvoiceView", "Dashboard"}


# ------------------------------------------------------------------------------------------------------------ the parameters


def test_the_template_is_ascii():
    """CloudFormation gives other characters back as question marks."""
    assert text().isascii()


def test_every_parameter_explains_itself(template):
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"]), "each in one group"
    for name, parameter in template["Parameters"].items():
        assert {"Type", "Default", "Description", "ConstraintDescription"} <= parameter.keys(), name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & parameter.keys(), f"{name} takes anything"
        if "AllowedPattern" in parameter:
            assert re.fullmatch(r"\^\(.*\)\$", parameter["AllowedPattern"]), f"{name}: a pattern is for the whole value"


def unused(template):
    """The parameters that nothing goes by."""
    used = json.dumps({part: value for part, value in template.items() if part not in ("Metadata", "Parameters")})
    return template["Parameters"].keys() - set(re.findall(r'(?:"Ref": "|\$\{)(\w+)', used))


def test_every_parameter_has_an_effect(template):
    assert unused(template) == set()
    assert unused(load(text().replace("!Ref FullEvery", "10"))) == {"FullEvery"}


def test_sam_leaves_out_what_a_deployment_names_and_the_template_does_not_know():
    """So a parameter may go, though a command or a `samconfig.toml` of long ago still names it."""
    merge = "from samcli.commands.deploy.deploy_context import DeployContext as D; print(D.merge_parameters({'Parameters': {'A': {}}}, {'A': '1', 'B': '2'}))"
    done = run(SAM / "python", "-c", merge)
    assert done.stdout.strip() == str([{"ParameterKey": "A", "ParameterValue": "1"}]), done.stderr


TAKEN = {
    "NamePrefix": ["xledger", "a1", "spend-2-test"],
    "ScheduleExpression": ["rate(1 minute)", "rate(1 day)", "rate(12 hours)", "cron(0 5 ? * MON,THU *)", "cron(0/30 2 1 * ? *)"],
    "ScheduleTimeZone": ["UTC", "Europe/Oslo", "America/Argentina/Buenos_Aires"],
    "XledgerEndpoint": ["https://demo.xledger.net/graphql", "http://127.0.0.1:8080/graphql"],
    "HistoryFrom": ["", "2023-01"],
    "DocumentTypes": ["AP", "AP,BA,X1"],
    "ExcludedAccounts": ["none", "1900-3000,7770"],
    "PayrollDocumentTypes": ["", "PR,L\u00d8"],
    "ExtraPayrollDocumentTypes": ["", "VL,BON"],
    "PayrollWords": ["", "bonus", "bonus,h\u00f8nnorar"],
    "PayrollAccounts": ["", "none", "5000-5499", "5000,5100-5199", "chart", "chart,5510", "5510-5519,chart"],
    "VatRates": ["", "3=15,33=11.11", "13=12,13@2020-04-01=6"],
    "AlarmEmail": ["", "finance@example.com"],
    "ExistingBucketName": ["", "my.lake-1"],
    "LakePrefix": ["lake", "finance/xledger-spend", "a_b=c", "lake/athena-results", "athena-results-of-ours"],
    "KmsKeyArn": ["", "arn:aws:kms:eu-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    "FormerKmsKeyArns": ["", "arn:aws:kms:eu-north-1:123456789012:key/1234abcd", "arn:aws:kms:eu-north-1:123456789012:key/1,arn:aws:kms:eu-north-1:123456789012:key/2"],
    "VpcSubnetIds": ["", "subnet-0123456789abcdef0", "subnet-0123abcd,subnet-4567abcd"],
    "VpcSecurityGroupIds": ["", "sg-0123456789abcdef0"],
}
REFUSED = {
    "NamePrefix": ["", "Xledger", "1spend", "spend-", "a--b", "a_b"],
    "ScheduleExpression": ["", "rate(3 day)", "rate(1 days)", "rate(0 days)", "3 days", "cron(0 2 * *)", "rate(3 days) "],
    "ScheduleTimeZone": ["", "Oslo time", "+01:00"],
    "XledgerEndpoint": ["", "http://www.xledger.net/graphql", "http://localhost.example.com/", "https://a b"],
    "HistoryFrom": ["2023", "2023-13", "2023-1"],
    "DocumentTypes": ["", "AP, BA", "AP,", "AP,L?", "L\ufffd", "AP;BA", '"AP"'],
    "ExcludedAccounts": ["", "1900 - 3000", "all"],
    "PayrollDocumentTypes": ["PR, PY", ",", "PR,L?", "L\ufffd", "PR|PY"],
    "ExtraPayrollDocumentTypes": ["VL, BON", ",", "L?", "VL,L\ufffd", "VL;BON", "'VL'"],
    "PayrollWords": ["two words", "bonus,", "x1", "l?nn", "l\ufffdnn"],
    "PayrollAccounts": ["50000", "5000-", "5000-5499,none", "charts", "chart,", "none,chart"],
    "VatRates": ["3", "3=", "3=x", "?=15"],
    "AlarmEmail": ["finance", "a@b.no,c@d.no"],
    "ExistingBucketName": ["My-Bucket", "s3://bucket"],
    "LakePrefix": ["", "/lake", "lake/", "a//b", "a b", "athena-results", "athena-results/lake"],
    "KmsKeyArn": ["alias/lake", "arn:aws:kms:eu-north-1:123456789012:alias/lake"],
    "FormerKmsKeyArns": ["1234abcd", "arn:aws:kms:eu-north-1:123456789012:key/1, arn:aws:kms:eu-north-1:123456789012:key/2"],
    "VpcSubnetIds": ["subnet-0123abcd, subnet-4567abcd", "sg-0123abcd"],
    "VpcSecurityGroupIds": ["subnet-0123abcd"],
}


def test_patterns_take_what_is_right_and_nothing_else(template):
    patterns = {name: parameter["AllowedPattern"] for name, parameter in template["Parameters"].items() if "AllowedPattern" in parameter}
    assert patterns.keys() == TAKEN.keys() == REFUSED.keys()
    for name, pattern in patterns.items():
        default = template["Parameters"][name]["Default"]
        assert [value for value in (default, *TAKEN[name]) if not re.fullmatch(pattern, value)] == [], name
        # `$` also matches before a line break at the end, in Java as in Python; a parameter on a command line has none.
        assert [value for value in REFUSED[name] if re.fullmatch(pattern, value)] == [], name


# ------------------------------------------------------------------------------------------------------------- the environment


def environment(template, **given):
    """The function's environment for these parameters."""
    return Stack(template, **given).resources()["RefreshFunction"]["Properties"]["Environment"]["Variables"]


@pytest.fixture(scope="module")
def settings():
    """Every setting that the program knows, with its default where it has one. Read off the source, as nothing is built for linting."""
    source = (REPOSITORY / "src" / "settings.rs").read_text("utf-8")
    found = re.findall(r'^ +[A-Z_]+ = "([A-Z_]+)": "([^"]*)";', source, re.MULTILINE)
    assert len(found) > 10
    default = re.compile(r"\[default: (.+)\]")
    return {name: default.search(help)[1] if default.search(help) else None for name, help in found}


def test_every_variable_is_a_setting(template, settings):
    """All parameters given, so that nothing is left out."""
    given = {"HistoryFrom": "2023-01", "VatRates": "3=15", "KmsKeyArn": "arn"}
    given |= {"PayrollWords": "bonus", "PayrollAccounts": "5000-5499"}
    variables = environment(template, **given)
    # Not of a run but of the function, which reads them itself.
    read = re.findall(r'"(CONTINUATION_[A-Z_]+)"', (REPOSITORY / "src" / "aws" / "scheduler.rs").read_text("utf-8"))
    assert variables.keys() - settings.keys() == set(read)
    only_elsewhere = {"XLEDGER_TOKEN", "XLEDGER_PAGE_ROWS", "XLEDGER_MAX_IN_FLIGHT", "SPEND_PAYROLL_DOCUMENT_TYPES", "SPEND_FILES_URL"}
    assert settings.keys() - variables.keys() == only_elsewhere, "on a command line alone, or not for everybody to turn"


def test_defaults_are_those_of_the_program(template, settings):
    variables = environment(template)
    for name, default in settings.items():
        if default not in (None, "none") and name in variables:
            assert variables[name] == default, name
    left_out = {name for name, default in settings.items() if default and name not in variables}
    payroll = {"SPEND_PAYROLL_DOCUMENT_TYPES", "SPEND_PAYROLL_WORDS", "SPEND_PAYROLL_ACCOUNTS"}
    assert left_out == {"XLEDGER_PAGE_ROWS", "XLEDGER_MAX_IN_FLIGHT", "SPEND_HISTORY_FROM", "SPEND_FILES_URL"} | payroll


def test_an_empty_parameter_leaves_its_variable_out(template):
    assert "" not in environment(template).values()
    assert environment(template, HistoryFrom="2023-01")["SPEND_HISTORY_FROM"] == "2023-01"
    assert environment(template, PayrollAccounts="7210")["SPEND_PAYROLL_ACCOUNTS"] == "7210"


def test_the_word_none_is_the_programs_to_read(template):
    variables = environment(template, PayrollAccounts="none", ExcludedAccounts="none")
    assert (variables["SPEND_PAYROLL_ACCOUNTS"], variables["SPEND_EXCLUDED_ACCOUNTS"]) == ("none", "none")


def test_payroll_document_types_are_added_and_replace_none(template):
    """What a former deployment has in the list that replaced the program's own goes on being payroll."""
    variables = environment(template, ExtraPayrollDocumentTypes="VL,BON", PayrollDocumentTypes="PR,XX")
    assert variables["SPEND_EXTRA_PAYROLL_DOCUMENT_TYPES"] == "VL,BON,PR,XX"
    assert "SPEND_PAYROLL_DOCUMENT_TYPES" not in variables


# ------------------------------------------------------------------------------------------------------------ what is made


def test_an_existing_bucket_is_left_alone(template):
    made = Stack(template).resources()
    given = Stack(template, ExistingBucketName="ours").resources()
    assert made.keys() - given.keys() == {"LakeBucket", "LakeBucketPolicy"}
    assert "LakeBucket" not in json.dumps({name: resource["Properties"] for name, resource in given.items()})


def test_the_bucket_outlives_the_stack(template):
    for name in ("LakeBucket", "LakeBucketPolicy"):
        resource = template["Resources"][name]
        # Except where the first deployment fails: then the bucket is empty, and would be in nobody's way but the next attempt's.
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_schedule_has_no_date_and_is_stopped_by_its_parameter(template):
    """A date would be past one day, and then nothing of the schedule could be changed."""
    for state in ("ENABLED", "DISABLED"):
        resources = Stack(template, ScheduleState=state, ScheduleExpression="cron(0 5 * * ? *)").resources()
        for name in ("RefreshSchedule", "FirstRunSchedule"):
            schedule = resources[name]["Properties"]
            assert schedule["State"] == state and not schedule.keys() & {"StartDate", "EndDate"}


def test_the_first_run_begins_with_the_deployment_once_and_finds_a_secret(template):
    """A rate begins at once, by AWS's documentation. Two that begin together would be in each other's way."""
    for expression in ("rate(3 days)", "rate(12 hours)", "cron(0 5 ? * MON,THU *)"):
        resources = Stack(template, ScheduleExpression=expression).resources()
        made = [each for each in resources.values() if each["Type"] == "AWS::Scheduler::Schedule"]
        assert [each["DependsOn"] for each in made] == ["TokenSecret"] * len(made)
        assert [each["Properties"]["Target"] for each in made] == [made[0]["Properties"]["Target"]] * len(made)
        assert len([each for each in made if each["Properties"]["ScheduleExpression"].startswith("rate(")]) == 1


def test_building_and_deploying_read_one_architecture(template):
    """SAM's build takes the default of a parameter, and its deployment what is deployed: with one they could differ, and nothing would say so."""
    [architecture] = template["Resources"]["RefreshFunction"]["Properties"]["Architectures"]
    assert architecture in ("x86_64", "arm64")


def test_no_parameter_and_no_property_holds_the_token(template):
    assert not [name for name in template["Parameters"] if "token" in name.lower()]
    assert template["Resources"]["TokenSecret"]["Properties"].keys() == {"Name", "Description", "KmsKeyId"}


def test_the_vpc_comes_with_its_rights_and_only_then(template):
    def sids(**given):
        statements = Stack(template, **given).resources()["FunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        return {statement["Sid"] for statement in statements}

    vpc = {"VpcSubnetIds": "subnet-0123abcd,subnet-4567abcd", "VpcSecurityGroupIds": "sg-0123abcd"}
    assert sids(**vpc) - sids() == {"AttachToTheVpc", "LeaveTheVpcToLambda"}
    assert sids(KmsKeyArn="arn") - sids() == {"UseTheKey"}
    assert sids(FormerKmsKeyArns="arn,arn") - sids() == {"ReadUnderFormerKeys"}
    function = Stack(template, **vpc).resources()["RefreshFunction"]["Properties"]
    assert function["VpcConfig"] == {"SubnetIds": ["subnet-0123abcd", "subnet-4567abcd"], "SecurityGroupIds": ["sg-0123abcd"]}
    assert "VpcConfig" not in Stack(template).resources()["RefreshFunction"]["Properties"]


# ------------------------------------------------------------------------------------------------------------------- IAM


def statements(value):
    """Every policy statement in a template or policy."""
    if isinstance(value, list):
        for item in value:
            yield from statements(item)
    elif isinstance(value, dict):
        if "Effect" in value:
            yield value
        else:
            for item in value.values():
                yield from statements(item)


def faults_of_statements(template_text):
    """Statements that lack an id or repeat one, and those with an asterisk that no comment explains."""
    found = list(statements(load(template_text)))
    assert len(found) > 5
    sids = Counter(statement.get("Sid") for statement in found)
    faults = [f"{times} statements with the id {sid}" for sid, times in sids.items() if sid is None or times > 1]
    lines = template_text.splitlines()
    for statement in found:
        # A log group's ARN ends with an asterisk.
        if "*" in json.dumps(statement) or "FunctionLogGroup" in json.dumps(statement):
            above = next(number for number, line in enumerate(lines) if line.endswith(f"Sid: {statement.get('Sid')}")) - 1
            # A condition on the statement stands between it and its comment.
            while re.fullmatch(r" +- (!If|[A-Za-z]+)", lines[above]):
                above -= 1
            comment = ""
            while lines[above].lstrip().startswith("#"):
                comment, above = lines[above] + comment, above - 1
            if "asterisk" not in comment:
                faults.append(f"{statement.get('Sid')} has an asterisk that no comment explains")
    return faults


def test_every_statement_has_an_id_and_every_asterisk_its_reason():
    assert faults_of_statements(text()) == []


def test_a_statement_without_an_id_or_reason_is_found():
    assert faults_of_statements(text().replace("- Sid: ReadTheToken\n                Effect: Allow", "- Effect: Allow"))
    assert faults_of_statements(text().replace("The asterisk stands for the objects", "These are the objects"))
    assert faults_of_statements(text().replace("Sid: ReadTheToken", "Sid: ListTheLake"))


def test_the_roles_may_do_what_is_listed_here_and_no_more(template):
    """The rights, once more, as a list to read. Whoever adds one adds it here, and says in the template what it is for."""
    roles = Stack(template, KmsKeyArn="key").resources()
    rights = {
        name: sorted(
            action
            for statement in statements(roles[name]["Properties"]["Policies"])
            if statement["Effect"] == "Allow"
            for action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
        )
        for name in ("FunctionRole", "ScheduleRole")
    }
    assert rights == {
        "FunctionRole": [
            "glue:CreateTable",
            "glue:GetTable",
            "glue:UpdateTable",
            "iam:PassRole",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            "scheduler:CreateSchedule",
            "secretsmanager:GetSecretValue",
            "sqs:SendMessage",
        ],
        "ScheduleRole": ["lambda:InvokeFunction", "sqs:SendMessage"],
    }


def test_a_role_is_taken_on_by_its_service_alone_and_only_for_schedules_of_ours(template):
    """No emulator of AWS asks who takes on a role, so the conditions are held against the groups that the schedules are in."""
    stack = Stack(template, NamePrefix="ours")
    resources = stack.resources()

    def trust(role):
        [statement] = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        return statement["Principal"], statement.get("Condition")

    assert trust("FunctionRole") == ({"Service": "lambda.amazonaws.com"}, None)
    of_type = lambda kind: [each["Properties"] for each in resources.values() if each["Type"] == f"AWS::Scheduler::{kind}"]
    groups = {schedule.get("GroupName", "default") for schedule in of_type("Schedule")} | {group["Name"] for group in of_type("ScheduleGroup")}
    assert groups == {"default", "ours"}
    arn = "arn:AWS::Partition:scheduler:AWS::Region:AWS::AccountId:schedule-group/"
    principal, condition = trust("ScheduleRole")
    assert principal == {"Service": "scheduler.amazonaws.com"}
    assert condition == {
        "StringEquals": {"aws:SourceAccount": "AWS::AccountId", "aws:SourceArn": sorted(f"{arn}{group}" for group in groups)}
    }


def policies_as_template():
    """The policies of `infra/` as resources, for a linter of templates."""
    resources = {}
    for name, document in of_infra().items():
        if "Principal" in document["Statement"][0]:
            resource = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "bucket", "PolicyDocument": document}}
        else:
            resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
        resources["".join(word.title() for word in name.split("-"))] = resource
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def test_the_table_of_handlers_has_every_type_of_the_template(copies):
    """Against which `test_policies.py` holds the deployer's policy."""
    _, expanded, _ = copies
    types = {resource["Type"] for resource in json.loads(expanded.read_text("utf-8"))["Resources"].values()}
    assert types == json.loads((Path(__file__).parent / "handlers.json").read_text("utf-8"))["types"].keys()


# -------------------------------------------------------------------------------------------------------- alarms, outputs


def alarms(template):
    return {name: resource["Properties"] for name, resource in template["Resources"].items() if resource["Type"] == "AWS::CloudWatch::Alarm"}


def test_every_alarm_reaches_the_topic_and_says_what_to_do(template):
    assert len(alarms(template)) == 13
    for name, alarm in alarms(template).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        description = alarm["AlarmDescription"]
        description = description["Fn::Sub"] if isinstance(description, dict) else description
        assert f'"{name}" in docs/operations.md' in description
        assert len(description) <= 1_024, f"{name}: longer than CloudWatch takes"
        missing = {"NoSuccessAlarm": "ignore", "UndeliveredAlarm": "ignore"}
        assert alarm["TreatMissingData"] == missing.get(name, "notBreaching"), name


def test_no_success_waits_longer_than_a_run_is_away(template):
    alarm, days = alarms(template)["NoSuccessAlarm"], template["Parameters"]["MaximumDaysWithoutSuccess"]
    assert alarm["EvaluationPeriods"] == {"Ref": "MaximumDaysWithoutSuccess"}
    interval = int(re.search(r"rate\((\d+) days\)", template["Parameters"]["ScheduleExpression"]["Default"])[1])
    assert days["Default"] > interval, "or it rings between two runs that succeed"


def dashboard(template):
    return json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])


def test_the_dashboard_shows_every_alarm_and_overlaps_nowhere(template):
    widgets = dashboard(template)["widgets"]
    shown = [widget["properties"]["alarms"] for widget in widgets if widget["type"] == "alarm"]
    assert shown == [[f"${{{name}.Arn}}" for name in alarms(template)]]
    taken = Counter((x, y) for w in widgets for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"]))
    assert set(taken.values()) == {1} and max(x for x, _ in taken) < 24


def test_names_in_the_dashboard_are_names_of_the_template(template):
    names = re.findall(r"\$\{([^}.]+)", (INFRA / "dashboard.json").read_text("utf-8"))
    assert names and {name for name in names if not name.startswith("AWS::")} <= template["Resources"].keys() | template["Parameters"].keys()


def test_nothing_names_a_partition_but_where_it_is_asked_for(template):
    """The console has other addresses in GovCloud and in China."""
    elsewhere = re.sub(r"(?m)^ *#.*$|Description: .*|AllowedPattern: .*", "", text())
    assert "arn:aws:" not in elsewhere
    outputs = {name for name, output in template["Outputs"].items() if "amazon.com" in json.dumps(output["Value"])}
    stack = Stack(template)
    for partition in ("aws", "aws-cn"):
        stack.values["AWS::Partition"] = partition
        assert outputs and all(stack.holds(template["Conditions"][template["Outputs"][name]["Condition"]]) == (partition == "aws") for name in outputs)


@pytest.mark.parametrize("wanted", ["yes", "no"])
def test_the_dashboard_is_there_if_it_is_wanted_and_nothing_else_depends_on_it(template, wanted):
    stack = Stack(template, CreateDashboard=wanted)
    stack.values["AWS::Partition"] = "aws"
    shown = stack.holds(template["Conditions"][template["Outputs"]["DashboardUrl"]["Condition"]])
    assert ("Dashboard" in stack.resources()) == shown == (wanted == "yes")
    others = {name: resource for name, resource in template["Resources"].items() if name != "Dashboard"}
    assert not re.search(r'"(Ref|Fn::GetAtt)": \[?"Dashboard"|\$\{Dashboard[.}]', json.dumps(others))


def test_a_stack_that_is_upgraded_keeps_its_dashboard(template):
    """Its deployment names no value for the parameter, which it did not have."""
    assert "Dashboard" in Stack(template).resources()


def test_commands_run_from_the_repository_and_never_name_the_token(template):
    outputs = Stack(template).of(template["Outputs"])
    assert all(len(output["Description"]) > 10 for output in outputs.values())
    commands = {name: output["Value"] for name, output in outputs.items() if name.endswith("Command")}
    assert commands.keys() == {"PutTokenCommand", "CheckCommand", "RunNowCommand", "QueryCommand", "WatchCommand"}
    for name, command in commands.items():
        assert subprocess.run(["bash", "-n", "-c", command]).returncode == 0, name
        assert "\n" not in command, f"{name} is to be copied as one line"
        for file in re.findall(r"fileb://(\S+)", command):
            json.loads((REPOSITORY / file).read_text("utf-8"))


def test_the_token_is_typed_and_goes_through_a_pipe(template, tmp_path):
    """The command with a stand-in for `aws` that notes its arguments and what is in the file that it is to read."""
    command = Stack(template).of(template["Outputs"]["PutTokenCommand"]["Value"])
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\necho "$@" > "$NOTES/arguments"\ncat "${8#file://}" > "$NOTES/token"\n', "utf-8")
    aws.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "NOTES": str(tmp_path)}
    shell = f'set -o history; {command}; echo "left=[$TOKEN]"; history'
    done = subprocess.run(["bash", "-c", shell], input="tok-canary%s\\n\n", env=environment, capture_output=True, text=True, timeout=30)
    assert (tmp_path / "token").read_text("utf-8") == "tok-canary%s\\n", "to the letter, without a line break"
    assert "canary" not in (tmp_path / "arguments").read_text("utf-8") + done.stdout + done.stderr
    assert "left=[]" in done.stdout


# --------------------------------------------------------------------------------------------- the names of other files


def test_every_metric_that_is_watched_is_written(template):
    source = (REPOSITORY / "src" / "report" / "metrics.rs").read_text("utf-8")
    written = set(re.findall(r'metric\(\s*"(\w+)"', source))
    assert len(written) > 20 and '"XledgerSpend"' in source and '"FunctionName"' in source
    seen = {each.name: each.dimensions for each in map(watched, alarms(template).values()) if each.namespace == "XledgerSpend"}
    assert seen.keys() <= written
    assert all(dimensions == [{"Name": "FunctionName", "Value": {"Ref": "RefreshFunction"}}] for dimensions in seen.values())
    assert shown_on(dashboard(template)) == written, "each metric is on the dashboard, and none that there is not"


def shown_on(dashboard):
    """The metrics of ours on a dashboard, in which a dot repeats the line above."""
    found = set()
    for widget in dashboard["widgets"]:
        namespace = None
        for metric in widget["properties"].get("metrics", []):
            namespace = namespace if metric[0] == "." else metric[0]
            if namespace == "XledgerSpend":
                found.add(metric[1])
    return found


def test_every_alarm_has_its_chapter(template):
    """The page that each alarm sends a person to."""
    chapters = re.findall(r"^#+ .*", (REPOSITORY / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    assert [name for name in alarms(template) if not any(name in chapter for chapter in chapters)] == []
