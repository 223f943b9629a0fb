"""Reads `template.yaml` as CloudFormation does: its short forms, and what a value comes to for given parameters."""

import base64
import re

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, such as `!Ref`."""


def _function(loader, tag, node):
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    construct = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: construct(node, deep=True)}


_Loader.add_multi_constructor("!", _function)

NOTHING = object()
"""What `AWS::NoValue` comes to: the key that has it, or its place in a list, is left out."""


def load(text):
    """A template as dictionaries, with functions in their long form."""
    return yaml.load(text, _Loader)


class Stack:
    """A template with its parameters given. A resource stands as its logical id, an attribute as `Id.Attribute`."""

    def __init__(self, template, **given):
        self.template = template
        defaults = {name: parameter["Default"] for name, parameter in template["Parameters"].items()}
        assert given.keys() <= defaults.keys()
        self.values = {name: str(value) for name, value in (defaults | given).items()}

    def of(self, value):
        """What a value comes to."""
        if isinstance(value, list):
            return [item for item in map(self.of, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return NOTHING if argument == "AWS::NoValue" else self.values.get(argument, argument)
            if name == "Fn::GetAtt":
                return ".".join(argument)
            if name == "Fn::If":
                condition, yes, no = argument
                return self.of(yes if self.holds(self.template["Conditions"][condition]) else no)
            if name == "Fn::Sub":
                text, names = argument if isinstance(argument, list) else (argument, {})
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._named(found[1], names), text)
            if name == "Fn::Split":
                separator, text = argument
                return self.of(text).split(separator)
            if name == "Fn::Select":
                index, parts = argument
                return self.of(parts)[int(index)]
            if name == "Fn::Join":
                separator, parts = argument
                return separator.join(self.of(parts))
            if name == "Fn::Base64":
                return base64.b64encode(self.of(argument).encode()).decode()
            assert not name.startswith("Fn::"), f"{name} is not known here"
        resolved = {key: self.of(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def _named(self, name, names):
        return self.of(names[name]) if name in names else self.values.get(name, name)

    def holds(self, condition):
        """Whether a condition does."""
        (name, argument), = condition.items()
        if name == "Fn::Equals":
            one, other = map(self.of, argument)
            return one == other
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::And":
            return all(map(self.holds, argument))
        if name == "Condition":
            return self.holds(self.template["Conditions"][argument])
        raise AssertionError(f"{name} is not known here")

    def resources(self):
        """The resources that are made, resolved."""
        made = self.template["Resources"].items()
        made = {
            name: resource
            for name, resource in made
            if "Condition" not in resource or self.holds(self.template["Conditions"][resource["Condition"]])
        }
        return {name: self.of(resource) for name, resource in made.items()}
