"""The policies of `infra/`, and what they allow."""

import fnmatch
import json
from pathlib import Path

INFRA = Path(__file__).resolve().parents[2] / "infra"
DEPLOYER = ("deployer-deploy-policy", "deployer-use-policy")
"""The two that somebody who deploys has."""


def of_infra():
    """All of them, by their names."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(INFRA.glob("*policy*.json"))}


def listed(value):
    return value if isinstance(value, list) else [value]


def allows(documents, action, arn):
    """Whether one of these policies allows an action on a resource, conditions met. Nothing of ours denies beside it."""
    return any(
        statement["Effect"] == "Allow"
        and any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(statement["Action"]))
        and any(fnmatch.fnmatchcase(arn, pattern) for pattern in listed(statement["Resource"]))
        for document in documents
        for statement in document["Statement"]
    )
