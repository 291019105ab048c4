"""
What a document loads at once.
"""

import pytest

from hasten.observe.first_load import initial_files, manifest_files, static_imports


def loaded(page: str, **others: str) -> set[str]:
    files = {
        "index.html": page,
        **{name.replace("__", "/").replace("_js", ".js"): text for name, text in others.items()},
    }
    return initial_files("index.html", files, lambda path: files[path].encode()) - {"index.html"}


def test_scripts_preloads_and_styles_are_loaded() -> None:
    """
    Script sources, modulepreload, preload and stylesheet links count; icons, alternates and old browsers' scripts not.
    """
    page = """
        <link rel="stylesheet" href="/a.css"><link rel=modulepreload href="/b.js">
        <link rel="preload" as="font" href="c.woff2"><link rel=prefetch href=/later.js>
        <link rel="icon" href="/icon.svg"><link rel="alternate stylesheet" href="/dark.css">
        <script type="module" src="./d.js?v=1"></script><script nomodule src="/legacy.js"></script>
        <script src="https://elsewhere.test/x.js"></script>
    """
    names = ["a.css", "b.js", "c.woff2", "icon.svg", "dark.css", "later.js", "d.js", "legacy.js", "x.js"]
    files = {"index.html": page, **dict.fromkeys(names, "")}

    found = initial_files("index.html", files, lambda path: files[path].encode())

    assert {"index.html", "a.css", "b.js", "c.woff2", "d.js"} == found


def test_static_imports_are_followed_and_dynamic_ones_are_not() -> None:
    """
    What is imported before the module runs is loaded, over several steps and around circles; import() is later.
    """
    found = loaded(
        "<script type=module src=/assets/entry.js></script>",
        assets__entry_js='import{a as b}from"./shared.js";const Page=()=>import("./page.js");',
        assets__shared_js='export*from"./deep.js";import"./entry.js";',
        assets__deep_js="var x=1;",
        assets__page_js="var y=2;",
    )

    assert {"assets/entry.js", "assets/shared.js", "assets/deep.js"} == found


def test_inline_modules_import_too() -> None:
    """
    A module inside of the document counts by what it imports.
    """
    assert {"a.js"} == loaded("<script type=module>import x from './a.js'</script>", a_js="", b_js="")


@pytest.mark.parametrize("reference", ["/app/a.js", "/a.js", "a.js", "./a.js#x"])
def test_the_base_path_of_the_server_does_not_matter(reference: str) -> None:
    """
    A build for a subfolder is understood without knowing its name.
    """
    assert {"a.js"} == loaded(f"<script src={reference}></script>", a_js="")


def test_styles_import_styles() -> None:
    """
    @import in a stylesheet is followed.
    """
    files = {"index.html": "<link rel=stylesheet href=a.css>", "a.css": '@import url("b.css");', "b.css": ""}

    assert {"index.html", "a.css", "b.css"} == initial_files("index.html", files, lambda path: files[path].encode())


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ('import"./a.js";', ["./a.js"]),
        ("import x,{y}from'./a.js'", ["./a.js"]),
        ('import * as n from "./a.js"', ["./a.js"]),
        ('export{a as b}from"./a.js";export*from"./b.js"', ["./a.js", "./b.js"]),
        ('import\n{ a,\n b }\nfrom "./a.js"', ["./a.js"]),
        ('import("./a.js")', []),
        ("import.meta.url;export const x='./a.js'", []),
        ('import react from "react"', []),
        ("export default function f(){return './a.js'}", []),
    ],
)
def test_imports_are_recognized(code: str, names: list[str]) -> None:
    """
    Every static form is found, minified or not; dynamic imports and packages are not.
    """
    assert names == static_imports(code.encode())


MANIFEST = {
    "index.html": {"file": "a.js", "isEntry": True, "imports": ["_s.js"], "dynamicImports": ["p"], "css": ["a.css"]},
    "_s.js": {"file": "s.js", "css": ["s.css"]},
    "p": {"file": "p.js", "isDynamicEntry": True},
    "admin.html": {"file": "admin.js", "isEntry": True},
}
BUILT = ["a.js", "a.css", "s.js", "s.css", "p.js", "admin.js"]


def test_a_manifest_stands_in_for_the_document() -> None:
    """
    Without a document all entries of Vite's manifest count, with what they import; with one, only what it loads.
    """
    assert {"a.js", "a.css", "s.js", "s.css", "admin.js"} == manifest_files(MANIFEST, BUILT, None)
    assert {"a.js", "a.css", "s.js", "s.css"} == manifest_files(MANIFEST, BUILT, {"a.js"})


@pytest.mark.parametrize(
    "other", [None, [], {"name": "My App", "icons": []}, {"x": {"file": "gone.js", "isEntry": True}}]
)
def test_other_manifests_say_nothing(other: object) -> None:
    """
    A web application manifest, or one of another build, names no files.
    """
    assert set() == manifest_files(other, BUILT, None)
