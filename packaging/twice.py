"""Packages the commit in two clones, in folders of different names, and compares the bytes: `make package-twice`."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def packaged(folder, architectures):
    """The checksums of what a clone in this folder gives."""
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, folder], check=True)
    began = time.monotonic()
    subprocess.run([sys.executable, "packaging/package.py", "--architectures", *architectures], cwd=folder, check=True)
    print(f"packaged in {folder} in {time.monotonic() - began:.0f} s", flush=True)
    return (folder / "target" / "dist" / "SHA256SUMS").read_text("utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=REPOSITORY / "target") as directory:
        one, other = (packaged(Path(directory) / name, sys.argv[1:]) for name in ("one", "another-folder/below"))
    if one != other:
        sys.exit(f"the same commit gave other bytes in another folder:\n{one}\n{other}")
    print(f"the same bytes in both folders:\n{one}")
