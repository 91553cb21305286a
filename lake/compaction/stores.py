"""Folders of files, local or in an object store, by their URLs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Iterator, Optional
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, from_url

from .errors import USAGE, CompactError


@lru_cache(maxsize=64)
def folder_at(url: str) -> Folder:
    """Returns the folder with this URL: the files of a unit have few."""
    return Folder(url)


class Folder:
    """A folder of objects. Paths are relative to it and have `/` between their parts.

    `s3://` takes key, endpoint and region from the environment, as the libraries of AWS do.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.local: Optional[Path] = None
        self._store: ObjectStore
        if parts.scheme in ("", "file"):
            if parts.netloc not in ("", "localhost"):
                raise CompactError(USAGE, f"{url}: a file URL has three slashes: file:///{parts.netloc}{parts.path}")
            self.local = Path(unquote(parts.path) if parts.scheme else url).absolute()
            self.url = str(self.local)
            self._store = LocalStore(str(self.local), mkdir=True)
        elif parts.scheme in ("s3", "s3a"):
            self.url = "s3://" + parts.netloc + parts.path.rstrip("/")
            self._store = from_url(self.url)
        else:
            raise CompactError(USAGE, f"{url}: use a path, file:///PATH or s3://BUCKET/PREFIX")

    def of(self, path: str) -> str:
        """Returns the URL of an object; the path of a local file."""
        return f"{self.url}/{path}"

    def list(self, prefix: str) -> Iterator[str]:
        """Returns the paths of all objects below a folder, in order."""
        found = (entry["path"] for page in obstore.list(self._store, prefix) for entry in page)
        return iter(sorted(found))

    def read(self, path: str) -> bytes:
        """Returns an object's bytes; FileNotFoundError if there is none."""
        return bytes(obstore.get(self._store, path).bytes())

    def size(self, path: str) -> Optional[int]:
        """Returns an object's size, or None if there is none."""
        try:
            return int(obstore.head(self._store, path)["size"])
        except FileNotFoundError:
            return None

    def create(self, path: str, content: bytes) -> bool:
        """Makes an object, whole or not at all. Returns False if there is one: it stays as it is."""
        try:
            obstore.put(self._store, path, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def upload(self, path: str, file: Path) -> None:
        """Puts a local file."""
        obstore.put(self._store, path, file)

    def delete(self, path: str) -> None:
        """Removes an object; one that is gone is no error."""
        try:
            obstore.delete(self._store, path)
        except FileNotFoundError:
            pass
