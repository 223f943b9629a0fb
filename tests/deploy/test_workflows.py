"""The workflows of GitHub: linted, and what they run is there. Nothing runs them here."""

import json
import re
import subprocess
import tomllib

import pytest
import yaml

from pages import REPOSITORY, of_make, text

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").iterdir())
CHECKS = REPOSITORY / ".github" / "workflows" / "checks.yml"
LINT = REPOSITORY / ".tools" / "lint" / "bin"
LONGEST_LINT_S = 180

# What is right, the mistake in its place, and what must be said of it.
MISTAKES = [
    ("runs-on:", "run-on:", "run-on"),
    ("contents: read", "contents: reed", "reed"),
    ("pull_request:", "pull_requests:", "pull_requests"),
    ("- run:", "- runs:", "runs"),
    ("    timeout-minutes: 60\n", "", "timeout-minutes"),
]


def run(program, *arguments):
    assert (LINT / program).is_file(), f"{program} is missing: run `make tools`"
    return subprocess.run([LINT / program, *arguments], capture_output=True, text=True, timeout=LONGEST_LINT_S)


def check_jsonschema(*files):
    """What two schemas find, by file: that of workflows, and one that wants a limit of time for each job."""
    found = {file: "" for file in files}
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        done = run("check-jsonschema", "--output-format", "json", "--builtin-schema", schema, *files)
        assert done.stdout, done.stderr
        said = json.loads(done.stdout)
        assert said["parse_errors"] == [] if done.returncode else said["status"] == "ok"
        for error in said["errors"]:
            [file] = [file for file in files if str(file) == error["filename"]]
            found[file] += json.dumps(error)
    return found


def with_mistakes(directory):
    """A workflow once with each mistake, where GitHub would look for it."""
    place = directory / ".github" / "workflows"
    place.mkdir(parents=True)
    for number, (right, mistake, _) in enumerate(MISTAKES):
        assert right in text(CHECKS)
        file = place / f"{number}.yml"
        file.write_text(text(CHECKS).replace(right, mistake, 1), "utf-8")
        yield file


def test_the_schemas_find_nothing_but_each_mistake(tmp_path):
    mistaken = list(with_mistakes(tmp_path))
    found = check_jsonschema(*WORKFLOWS, *mistaken)
    assert WORKFLOWS and [found[file] for file in WORKFLOWS if found[file]] == []
    assert [said for file, (*_, said) in zip(mistaken, MISTAKES, strict=True) if said not in found[file]] == []


def test_checkov_finds_nothing(tmp_path):
    """And in a workflow with a fault, the fault."""
    place = tmp_path / ".github" / "workflows"
    place.mkdir(parents=True)
    for workflow in WORKFLOWS:
        (place / workflow.name).write_text(text(workflow), "utf-8")
    (place / "wrong.yml").write_text(text(CHECKS).replace("permissions:\n  contents: read", "permissions: write-all"), "utf-8")
    # It takes for a workflow what lies where GitHub looks for them.
    done = run("checkov", "--directory", tmp_path, "--framework", "github_actions", "--skip-download", "--output", "json")
    assert done.stdout, done.stderr
    results = json.loads(done.stdout)["results"]
    looked_at = {check["file_path"].rpartition("/")[2] for check in results["passed_checks"]}
    assert results["parsing_errors"] == [] and looked_at == {file.name for file in place.iterdir()}
    [finding] = results["failed_checks"]
    assert "write-all" in finding["check_name"] and finding["file_path"].endswith("/wrong.yml")


JOBS = [
    pytest.param(job, id=f"{workflow.stem}-{name}")
    for workflow in WORKFLOWS
    for name, job in yaml.safe_load(text(workflow))["jobs"].items()
    if "steps" in job
]


def test_what_is_released_has_passed_the_checks():
    jobs = yaml.safe_load(text(CHECKS.with_name("release.yml")))["jobs"]
    called = {name: REPOSITORY / job["uses"] for name, job in jobs.items() if "uses" in job}
    assert called == {"checks": CHECKS} and jobs["release"]["needs"] == "checks"
    # YAML reads `on` as a truth.
    assert "workflow_call" in yaml.safe_load(text(CHECKS))[True]


@pytest.mark.parametrize("job", JOBS)
def test_what_a_job_makes_can_be_made(job):
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    # A value in quotes may have spaces.
    made = re.findall(r"^make (.*)$", re.sub(r'"[^"\n]*"', "", commands), re.MULTILINE)
    assert [fault for words in made if (fault := of_make(words.split()))] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.name)
def test_a_workflow_may_do_no_more_than_read(workflow):
    """But for a job that says of itself what it must write."""
    assert yaml.safe_load(text(workflow))["permissions"] in ({"contents": "read"}, {})


@pytest.mark.parametrize("job", JOBS)
def test_a_checkout_leaves_no_token_behind(job):
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("job", JOBS)
def test_an_action_is_githubs_own_by_its_version_or_anybodys_by_its_hash(job):
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert [each for each in actions if not re.fullmatch(r"actions/[\w-]+@v\d+|[\w./-]+@[0-9a-f]{40}", each)] == []


def test_the_rust_of_the_checks_is_the_oldest_that_is_supported():
    """As their own command reads it."""
    [command] = re.findall(r"^ +toolchain=\$\((.*)\)$", text(CHECKS), re.MULTILINE)
    done = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tomllib.loads(text(REPOSITORY / "Cargo.toml"))["workspace"]["package"]["rust-version"]
