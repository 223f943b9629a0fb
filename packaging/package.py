"""Makes what a release consists of, into target/dist: `make package`. packaging/README.md says what each file is.

The same commit and the same tools give the same bytes, wherever the repository lies: paths are remapped, times are the commit's, archives are sorted.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HERE = REPOSITORY / "packaging"
DIST = REPOSITORY / "target" / "dist"
NAME = "xledger-spend"
FUNCTION, COMMAND_LINE = "xledger-spend", "xledger-spend-cli"
PACKAGES = {FUNCTION: ".", COMMAND_LINE: "crates/xledger-spend-cli"}
TRIPLES = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
# The oldest C library that the programs start with: that of RHEL 8 and Debian 10. The function's own has 2.34.
GLIBC = (2, 28)
# What comes along with the template: what the pages' commands read, the pages and what they lead a reader or an auditor to, and the terms.
ALONGSIDE = (
    "events", "infra", "docs", "dbt", "src/xledger/queries", "crates/xledger-spend-cli/README.md", "bench/RESULTS.md", "bench/results.svg", "README.md",
    "SECURITY.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE",
)
LICENCES = "THIRD-PARTY.txt"


class Unable(Exception):
    """Why there is no package, and what to do."""


def run(*command, **options):
    """What a command says; what it says of its work goes to the terminal."""
    try:
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, encoding="utf-8", check=True, **options)
    except FileNotFoundError:
        raise Unable(f"{command[0]} is not there: make package installs it") from None
    except subprocess.CalledProcessError as failed:
        raise Unable(f"`{' '.join(map(str, command))}` failed with status {failed.returncode}") from None
    return done.stdout.strip()


# ------------------------------------------------------------------------------------------------------- what is packaged


def version():
    return tomllib.loads((REPOSITORY / "Cargo.toml").read_text("utf-8"))["workspace"]["package"]["version"]


def commit(tag=""):
    """The commit and its time, which is that of every file. What is tagged is the commit, and nothing beside it."""
    try:
        found, seconds = run("git", "log", "-1", "--format=%H %ct", stderr=subprocess.DEVNULL).split()
    except Unable:
        raise Unable("this is no clone of the repository, so no commit says what time the files are of: clone it with git") from None
    if changed := run("git", "status", "--porcelain", "--untracked-files=no"):
        if tag:
            raise Unable(f"there are changes that the commit {found[:12]} has not; commit or stash them:\n{changed}")
        print(f"NOTE: not what the commit {found[:12]} has, but with changes:\n{changed}", file=sys.stderr)
        found += " with changes"
    return found, int(seconds)


def changes(of):
    """The changelog's part for a version; before it has one, that of what is unreleased."""
    parts = re.split(r"^## (.*)\n", (REPOSITORY / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    by_heading = {heading.split(" - ")[0].strip("[] "): text.strip() for heading, text in zip(parts[1::2], parts[2::2])}
    return by_heading.get(of), by_heading.get("Unreleased")


def tracked(*paths):
    """The files of the repository below some paths, sorted."""
    return sorted(run("git", "ls-files", "--", *paths).splitlines())


# ---------------------------------------------------------------------------------------------------------------- building


def installed(triple):
    return Path(run("rustc", "--print", "target-libdir", "--target", triple)).is_dir()


def architectures(wanted):
    """Those that are built: the ones that are asked for, or all that this toolchain can build for."""
    if missing := [each for each in wanted or [] if not installed(TRIPLES[each])]:
        raise Unable(f"cannot build for {', '.join(missing)}: rustup target add {' '.join(TRIPLES[each] for each in missing)}")
    found = [each for each in wanted or TRIPLES if installed(TRIPLES[each])]
    for left in TRIPLES.keys() - found if not wanted else ():
        print(f"SKIPPED: {left}, for this toolchain cannot build for it (rustup target add {TRIPLES[left]})", file=sys.stderr)
    if not found:
        raise Unable(f"this toolchain builds for none of {', '.join(TRIPLES.values())}: rustup target add one of them")
    return found


def build(architecture):
    """The function and the command line, one after the other: built together each would have what the other wants of a dependency.

    For both by zig's linker and C compiler, and against the same C library. The command line is linked to that library, and to nothing else, instead
    of having musl in it: glibc looks up names as the machine is set up to, and its allocator is the one that memory was measured with.
    """
    triple = TRIPLES[architecture]
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo").resolve()
    remapped = {cargo_home: "/cargo", REPOSITORY: f"/{NAME}"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUSTFLAGS", "CARGO_BUILD_", "CARGO_PROFILE_"))}
    environment |= {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(f"--remap-path-prefix={path}={name}" for path, name in remapped.items()),
        f"CFLAGS_{triple.replace('-', '_')}": " ".join(f"-ffile-prefix-map={path}={name}" for path, name in remapped.items()),
        "CARGO_TARGET_DIR": str(REPOSITORY / "target"),
        "CARGO_INCREMENTAL": "0",
    }
    target = f"{triple}.{'.'.join(map(str, GLIBC))}"
    programs = []
    for package, program in ((FUNCTION, "lambda"), (COMMAND_LINE, NAME)):
        began = time.monotonic()
        run("cargo", "zigbuild", "--quiet", "--locked", "--release", "--target", target, "--package", package, "--bin", program, env=environment)
        print(f"built {program} for {architecture} in {time.monotonic() - began:.0f} s", file=sys.stderr)
        programs.append((REPOSITORY / "target" / triple / "release" / program).read_bytes())
        examine(programs[-1], program, remapped)
    return programs


def examine(program, name, remapped):
    """Nothing of this machine is in a program, and it starts where it is said to."""
    for path in remapped:
        if str(path).encode() in program:
            raise Unable(f"{name} has {path} in it, so other folders would give other bytes")
    newest = max(tuple(map(int, found)) for found in re.findall(rb"GLIBC_(\d+)\.(\d+)", program))
    if newest > GLIBC:
        raise Unable(f"{name} needs glibc {newest}, which is newer than {GLIBC}")


# ---------------------------------------------------------------------------------------------------------------- archives


def zipped(files, seconds):
    """A zip of what each path holds: the same for the same content."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, (content, mode) in sorted(files.items()):
            entry = zipfile.ZipInfo(path, time.gmtime(seconds)[:6])
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def tarred(directory, files, seconds):
    """A tar.gz with one directory: the same for the same content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{directory}/{path}")
            entry.size, entry.mode, entry.mtime = len(content), mode, seconds
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), 9, mtime=0)


# ------------------------------------------------------------------------------------------------------------ what is in them


def template(architecture, text=None):
    """`template.yaml` with the function's zip beside it in the place of its source. Nothing is left to be built."""
    text = text or (REPOSITORY / "template.yaml").read_text("utf-8")
    built = re.search(r"^      BuildMethod: .*\n      BuildProperties:\n(?:        .*\n)+", text, re.MULTILINE)
    if not built:
        raise Unable("template.yaml has no BuildMethod with BuildProperties, which the packaged one goes without")
    text = text.replace(built[0], "")
    for told, packaged in (("CodeUri: .\n", "CodeUri: function.zip\n"), ("Architectures: [x86_64]\n", f"Architectures: [{architecture}]\n")):
        if text.count(told) != 1:
            raise Unable(f"template.yaml has {told.strip()!r} {text.count(told)} times, and the packaged one has another in its place")
        text = text.replace(told, packaged)
    return text


def bundle(architecture, function, licences, seconds):
    """What is deployed: the template, the function, and what the pages' commands read."""
    files = {path: ((REPOSITORY / path).read_bytes(), 0o644) for path in tracked(*ALONGSIDE)}
    files["template.yaml"] = (template(architecture).encode(), 0o644)
    files["function.zip"] = (function, 0o644)
    files[LICENCES] = (licences, 0o644)
    return tarred(f"{NAME}-{version()}", files, seconds)


def function_zip(bootstrap, seconds):
    return zipped({"bootstrap": (bootstrap, 0o755)}, seconds)


def command_line(program, licences, seconds):
    files = {path.rpartition("/")[2]: ((REPOSITORY / path).read_bytes(), 0o644) for path in ("crates/xledger-spend-cli/README.md", "LICENSE-MIT", "LICENSE-APACHE")}
    files |= {NAME: (program, 0o755), LICENCES: (licences, 0o644)}
    return tarred(f"{NAME}-{version()}", files, seconds)


def licences(bill):
    """The licences and notices of all that is in a bill of materials, by the texts that each package brings: nobody is asked."""
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / LICENCES
        manifest = REPOSITORY / PACKAGES[COMMAND_LINE] / "Cargo.toml"
        run("cargo-about", "generate", "--frozen", "--fail", "--config", HERE / "about.toml", "--manifest-path", manifest, "--output-file", made, HERE / "about.hbs")
        told = made.read_text("utf-8")
    parts = {(each["name"], each["version"]) for each in json.loads(bill)["components"]}
    if lacking := [" ".join(each) for each in sorted(parts) if f"\n{' '.join(each)}\n" not in told]:
        raise Unable(f"no licence was found of {', '.join(lacking)}")
    known = json.loads(run("cargo", "metadata", "--frozen", "--format-version", "1"))["packages"]
    folders = [Path(each["manifest_path"]).parent for each in known if (each["name"], each["version"]) in parts]
    notices = {notice.read_text("utf-8").strip() for folder in folders for notice in folder.glob("NOTICE*")}
    return "\n".join([told, *(f"{'=' * 80}\nNotice\n\n{notice}\n" for notice in sorted(notices))]).encode()


def bills_of_materials(triple, seconds):
    """What the programs of each package are made of, in CycloneDX."""
    command = ("cargo-cyclonedx", "cyclonedx", "-qq", "--format", "json", "--spec-version", "1.5", "--target", triple, "--no-build-deps")
    try:
        run(*command, "--override-filename", "package.cdx", env=os.environ | {"SOURCE_DATE_EPOCH": str(seconds)})
        return {package: bill_of_materials(package, triple, REPOSITORY / path / "package.cdx.json") for package, path in PACKAGES.items()}
    finally:
        # It writes one beside each Cargo.toml.
        for manifest in tracked("*Cargo.toml"):
            (REPOSITORY / manifest).with_name("package.cdx.json").unlink(missing_ok=True)


def bill_of_materials(package, triple, made):
    """Of what was made for the whole workspace what one package has when it is built by itself, and no folder of this machine."""
    bill = json.loads(made.read_text("utf-8").replace(f"file://{REPOSITORY}", f"file:///{NAME}"))
    tree = run("cargo", "tree", "--locked", "--package", package, "--edges", "normal", "--target", triple, "--prefix", "none", "--format", "{p}")
    built = {tuple(line.split()[:2]) for line in tree.splitlines()}
    bill["components"] = [each for each in bill["components"] if (each["name"], f"v{each['version']}") in built]
    if lacking := built - {(each["name"], f"v{each['version']}") for each in [*bill["components"], bill["metadata"]["component"]]}:
        raise Unable(f"the bill of materials of {package} lacks {sorted(lacking)}")
    kept = {each["bom-ref"] for each in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    bill["dependencies"] = [each | {"dependsOn": on} if (on := sorted(kept.intersection(each.get("dependsOn", ())))) else {"ref": each["ref"]} for each in bill["dependencies"] if each["ref"] in kept]
    return (json.dumps(bill, indent=1, ensure_ascii=False) + "\n").encode()


# ---------------------------------------------------------------------------------------------------------------------- all


def tools():
    """What the bytes depend on beside the commit."""
    zig = run("python3", "-m", "ziglang", "version")
    zigbuild = run("cargo-zigbuild", "--version").split()[-1]
    return f"{run('rustc', '--version')}, zig {zig}, cargo-zigbuild {zigbuild}, zlib {__import__('zlib').ZLIB_RUNTIME_VERSION}"


def notes(tag):
    """What changes with the version."""
    of = version()
    if tag and tag != f"v{of}":
        raise Unable(f"the tag is {tag}, and Cargo.toml says {of}: tag v{of}, or change the version")
    released, unreleased = changes(of)
    if tag and not released:
        raise Unable(f"CHANGELOG.md has no part for {of}: head what is under Unreleased with `## {of} - a date`")
    if not (released or unreleased):
        raise Unable(f"CHANGELOG.md has neither a part for {of} nor Unreleased")
    return released or unreleased


def main():
    arguments = argparse.ArgumentParser(prog="package.py", description=__doc__)
    arguments.add_argument("--architectures", nargs="*", choices=TRIPLES, default=[], help="what must be built [default: what can be]")
    arguments.add_argument("--tag", default="", help="the tag that is released: the version must be its own, and be in the changelog")
    arguments = arguments.parse_args()
    changed, (found, seconds) = notes(arguments.tag), commit(arguments.tag)
    wanted = architectures(arguments.architectures)
    run("cargo", "fetch", "--quiet", "--locked")
    bills = bills_of_materials(TRIPLES[wanted[0]], seconds)
    # The command line has all of the function, too.
    terms = licences(bills[COMMAND_LINE])
    made = {"function.cdx.json": bills[FUNCTION], "command-line.cdx.json": bills[COMMAND_LINE], LICENCES: terms}
    for architecture in wanted:
        function, program = build(architecture)
        function = function_zip(function, seconds)
        made[f"function-{architecture}.zip"] = function
        made[f"aws-{architecture}.tar.gz"] = bundle(architecture, function, terms, seconds)
        made[f"linux-{architecture}.tar.gz"] = command_line(program, terms, seconds)
    made["changes.md"] = f"{changed}\n\nMade of the commit {found} by {tools()}.\n".encode()
    files = {f"{NAME}-{version()}-{name}": content for name, content in made.items()}
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())).encode()
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    for name, content in files.items():
        (DIST / name).write_bytes(content)
        print(f"{len(content):>12,}  {DIST.relative_to(REPOSITORY) / name}")


if __name__ == "__main__":
    try:
        main()
    except Unable as why:
        sys.exit(f"no package: {why}")
