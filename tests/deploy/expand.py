"""Prints a SAM template as the plain CloudFormation that it becomes. Runs in .tools/sam, which has SAM's translator."""

import json
import os
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names no managed policy, so none is looked up."""

    def load(self):
        return {}


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-north-1")
    with open(sys.argv[1], encoding="utf-8") as file:
        template = yaml_parse(file)
    # What `sam deploy` writes there, once it has uploaded the program.
    template["Resources"]["RefreshFunction"]["Properties"]["CodeUri"] = "s3://bucket/program.zip"
    json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=1)
