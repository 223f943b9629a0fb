"""The commands that the other tests run are those that the documents give."""

import pytest

from cloud import REPOSITORY
from stack import BUILD, DEPLOY

PAGES = [REPOSITORY / "README.md", *(page for folder in ("docs", "infra") for page in sorted((REPOSITORY / folder).glob("*.md")))]


def commands():
    """All that stands in blocks of shell commands, a command on several lines made one."""
    found = []
    for page in PAGES:
        for block in page.read_text("utf-8").split("```sh\n")[1:]:
            found += block.split("```")[0].replace("\\\n", " ").splitlines()
    return [" ".join(command.split()) for command in found]


@pytest.mark.parametrize("command", [BUILD, DEPLOY])
def test_the_documents_deploy_as_the_tests_do(command):
    assert any(command in each for each in commands()), f"no page has `{command}` in a block of commands"
