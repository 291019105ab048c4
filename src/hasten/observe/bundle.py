"""
What the built front end weighs: each shipped file raw, with gzip and Brotli, and which package its bytes come from.

`initial` is what index.html makes a browser fetch before the first route can show; the objective is its JavaScript,
uncompressed.
"""

import base64
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from hasten.errors import NoData
from hasten.evidence import BundleAsset, BundleModule, BundleProfile
from hasten.log import operation
from hasten.model import Conditions, Distribution, Measurement, Where
from hasten.observe import source_map
from hasten.observe.first_load import initial_files, manifest_files, with_imports
from hasten.world import files

Progress = Callable[[str], None]

MAX_MODULES = 1000
"""The largest modules are kept one by one; the rest of a package is one entry."""

OTHER_FILES = "(other files)"
_MANIFESTS = (".vite/manifest.json", "manifest.json")
_POINTER = re.compile(rb"//[#@]\s*sourceMappingURL=(\S+)\s*$|/\*[#@]\s*sourceMappingURL=(\S+?)\s*\*/\s*$")


def observe_bundle(
    dist: Path, *, cache: Path | None = None, progress: Progress = lambda _: None
) -> tuple[list[Measurement], BundleProfile]:
    """
    The built files below `dist`, measured; sizes and modules are remembered by content in the `cache` folder.

    Raises:
        Missing: there is no such folder. NoData: nothing was built into it.
    """
    with operation("observe bundle", root=str(dist)) as result:
        shipped = files.built_files(dist)
        if not shipped:
            raise NoData(f"{dist} is empty", hint="build the front end first, or correct [frontend] dist")
        contents = {path: files.read(dist / path) for path in shipped if files.kind_of(path) in ("script", "style")}

        def read(path: str) -> bytes:
            return contents[path] if path in contents else files.read(dist / path)

        initial = _initial(dist, shipped, read)
        progress(f"compressing {len(shipped)} built files")
        assets = [_asset(path, read(path), path in initial, cache) for path in shipped]
        scripts = [asset.path for asset in assets if asset.kind == "script" and (asset.initial or not initial)]
        progress("reading source maps")
        modules, without_map = _modules(dist, scripts, read, cache)
        profile = BundleProfile(root=str(dist), assets=assets, modules=modules, brotli_quality=files.BROTLI_QUALITY)
        measurements = measure(profile, without_map)
        result["assets"], result["modules"] = len(assets), len(modules)
    return measurements, profile


def measure(profile: BundleProfile, without_map: list[str]) -> list[Measurement]:
    """
    The initial JavaScript raw, with gzip and with Brotli, and all shipped bytes.
    """
    notes: dict[str, str | float | int | bool] = {
        "gzip_level": files.GZIP_LEVEL,
        "brotli_quality": profile.brotli_quality,
        "initial_style_bytes": sum(a.raw_bytes for a in profile.assets if a.initial and a.kind == "style"),
    }
    if without_map:
        notes["without_source_map"] = ", ".join(without_map)[:500]
    conditions = Conditions(notes=notes)

    def single(metric: str, where: str, value: int) -> Measurement:
        return Measurement(
            metric=f"hasten.bundle.{metric}",
            unit="By",
            where=Where(kind="bundle", name=where),
            distribution=Distribution.single(float(value)),
            conditions=conditions,
        )

    found = [single("total", "total", sum(asset.raw_bytes for asset in profile.assets))]
    # Without a document nobody can say what is loaded first; that is not the same as nothing.
    if any(asset.initial for asset in profile.assets):
        scripts = [asset for asset in profile.assets if asset.initial and asset.kind == "script"]
        found += [
            single("raw", "initial", sum(asset.raw_bytes for asset in scripts)),
            single("gzip", "initial", sum(asset.gzip_bytes for asset in scripts)),
            single("brotli", "initial", sum(asset.brotli_bytes for asset in scripts)),
        ]
    return found


def _asset(path: str, data: bytes, is_initial: bool, cache: Path | None) -> BundleAsset:
    sizes = files.sizes_of(path, data, cache)
    return BundleAsset(
        path=path,
        kind=files.kind_of(path),
        raw_bytes=sizes.raw_bytes,
        gzip_bytes=sizes.gzip_bytes,
        brotli_bytes=sizes.brotli_bytes,
        initial=is_initial,
    )


def _initial(dist: Path, shipped: list[str], read: Callable[[str], bytes]) -> set[str]:
    manifest = _manifest(dist)
    loaded = initial_files("index.html", shipped, read) if "index.html" in shipped else None
    # The manifest knows which styles a chunk brings along; without a document it also knows the entries.
    return with_imports((loaded or set()) | manifest_files(manifest, shipped, loaded), shipped, read)


def _manifest(dist: Path) -> Any:
    for name in _MANIFESTS:
        try:
            return msgspec.json.decode((dist / name).read_bytes())
        except (OSError, msgspec.MsgspecError):
            continue
    return None


def _modules(
    dist: Path, scripts: list[str], read: Callable[[str], bytes], cache: Path | None
) -> tuple[list[BundleModule], list[str]]:
    """
    The source modules of the scripts, the largest first, and the scripts that have no usable map.
    """
    sizes: Counter[tuple[str, str]] = Counter()
    without_map = []
    for path in scripts:
        found = _sources_of(dist, path, read(path), cache)
        if found is None:
            without_map.append(path)
            continue
        for source, size in found.items():
            sizes[source_map.package_of(source), source_map.path_of(source) or "(no source)"] += size
    return _largest(sizes), without_map


def _sources_of(dist: Path, path: str, code: bytes, cache: Path | None) -> dict[str, int] | None:
    data = _map_of(dist, path, code)
    if data is None:
        return None
    try:
        return files.remembered(
            cache,
            "sources",
            code + data,
            dict[str, int],
            lambda: source_map.bytes_by_source(code.decode("utf-8", "surrogateescape"), source_map.parse(data)),
        )
    except ValueError:
        return None


def _map_of(dist: Path, path: str, code: bytes) -> bytes | None:
    """
    The source map that a script names, holds itself, or has beside it.
    """
    pointer = _POINTER.search(code[-4096:] if b"sourceMappingURL=data:" not in code else code)
    url = (pointer.group(1) or pointer.group(2)).decode("utf-8", "replace") if pointer else ""
    if url.startswith("data:"):
        head, _, body = url.partition(",")
        try:
            return base64.b64decode(body) if head.endswith(";base64") else unquote(body).encode()
        except ValueError:
            return None
    named = (dist / path).parent / unquote(urlsplit(url).path) if url and not urlsplit(url).netloc else None
    for candidate in (named, dist / f"{path}.map"):
        if candidate is not None and candidate.is_file() and candidate.resolve().is_relative_to(dist.resolve()):
            return files.read(candidate)
    return None


def _largest(sizes: Counter[tuple[str, str]]) -> list[BundleModule]:
    ranked = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    rest: Counter[str] = Counter()
    for (package, _), size in ranked[MAX_MODULES:]:
        rest[package] += size
    kept = [BundleModule(package=package, path=path, bytes=size) for (package, path), size in ranked[:MAX_MODULES]]
    return kept + [BundleModule(package=package, path=OTHER_FILES, bytes=size) for package, size in rest.most_common()]
