"""Seconds from the start of the Deno kernel until a cell's view has come, as a page would get it: first_view.py CODE.

Prints JSON: the seconds, or what the cell failed with.
"""

import json
import sys
import time
from queue import Empty

from jupyter_client.manager import KernelManager

SECONDS = 100


def first_view(client, code: str) -> dict:
    """Wait for what the cell shows."""
    request = client.execute(code)
    while True:
        message = client.get_iopub_msg(timeout=SECONDS)
        content = message["content"]
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "error":
            return {"error": f"{content['ename']}: {content['evalue']}"}
        if "text/html" in content.get("data", {}):
            return {"html": len(content["data"]["text/html"])}


manager = KernelManager(kernel_name="deno")
start = time.perf_counter()
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    shown = first_view(client, sys.argv[1])
    print(json.dumps({"seconds": time.perf_counter() - start, **shown}))
except Empty:
    sys.exit("the kernel did not answer")
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
