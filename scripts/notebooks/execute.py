"""Executes a notebook under the Deno kernel: execute.py SOURCE TARGET PAGE; or several, without pages, into FOLDER:
execute.py --all FOLDER SOURCE...; or only draws some, each as a page in FOLDER: execute.py --draw FOLDER SOURCE....

TARGET gets the executed notebook, PAGE the same as HTML that asks nothing of the network. The exit status is 1 when
a cell fails; its error is printed, and those after it are executed all the same.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

SILENT = "The kernel gave no message. It keeps silent about syntax errors and about packages that cannot be found."


def write_page(notebook, page: Path, title: str) -> None:
    exporter = HTMLExporter(require_js_url="", mathjax_url="", mermaid_js_url="", jquery_url="")
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": title}})
    page.write_text(body, encoding="utf-8")


def failed_cell(notebook) -> str:
    for number, cell in enumerate(notebook.cells, start=1):
        outputs = cell.get("outputs", [])
        error = next((one for one in outputs if one.output_type == "error"), None)
        if error is not None:
            return f"in cell {number}:\n{cell.source}\n\n{error.ename}: {error.evalue}\n" + "\n".join(error.traceback)
    return ""


def execute(source: Path, target: Path, page: Path | None = None) -> int:
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=600,
        iopub_timeout=60,  # of 4 seconds, a busy machine made outputs come too late
        kernel_name="deno",
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        detail = failed_cell(notebook) or f"{str(error).strip()}\n{SILENT}"
        print(f"Cannot execute {source.name} as a cell failed: {detail}", file=sys.stderr)
        return 1
    except (CellTimeoutError, DeadKernelError) as error:
        print(f"Cannot execute {source.name} as the kernel stopped: {error}", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    if page is not None:
        write_page(notebook, page, source.stem)
    return 0


def main(arguments: list[str]) -> int:
    if arguments[0] not in ("--all", "--draw"):
        return execute(*(Path(argument).resolve() for argument in arguments))
    what, folder, *sources = arguments
    if what == "--all":
        return max([execute(source.resolve(), Path(folder, source.name)) for source in map(Path, sources)])
    for source in map(Path, sources):
        notebook = nbformat.read(source, as_version=4)
        write_page(notebook, Path(folder, f"{source.stem}.html"), source.stem)
    return 0


sys.exit(main(sys.argv[1:]))
