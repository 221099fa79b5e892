"""An editor, as far as its language server can tell: it opens a policy and asks what stands at a place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
SETTINGS: Final = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "extraPaths": [str(ROOT), str(ROOT / "runtime")],
}
"""What pyright is told: its strictest rules, and where this project lies."""


def tool(name: str) -> str:
    """A command that came with pip."""
    return str(Path(sys.executable).parent / name)


class Editor:
    """One file, open in an editor. Lines and columns count from 0, as the protocol has them."""

    def __init__(self, folder: Path, text: str) -> None:
        (folder / "pyrightconfig.json").write_text(json.dumps(SETTINGS))
        self.text = text
        self._uri = (folder / "policy.py").as_uri()
        self._server = subprocess.Popen(
            [tool("basedpyright-langserver"), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._last = 0
        folders = [{"uri": folder.as_uri(), "name": "policies"}]
        able = {"textDocument": {"hover": {"contentFormat": ["markdown"]}}}
        self._ask("initialize", processId=None, rootUri=None, capabilities=able, workspaceFolders=folders)
        self._tell("initialized")
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": text}
        self._tell("textDocument/didOpen", textDocument=document)

    def close(self) -> None:
        """End the server. It may be asked once only."""
        self._ask("shutdown")
        self._tell("exit")
        self._server.wait(30)
        for stream in (self._server.stdin, self._server.stdout):
            assert stream is not None
            stream.close()

    def hover(self, line: int, column: int) -> str:
        """What is shown where the mouse rests."""
        found = self._ask("textDocument/hover", **self._at(line, column))
        return str(found["contents"]["value"]) if found else ""

    def completions(self, line: int, column: int) -> set[str]:
        """What can stand there, by name."""
        found = self._ask("textDocument/completion", **self._at(line, column))
        return {each["label"] for each in found["items"]}

    def _at(self, line: int, column: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self._uri}, "position": {"line": line, "character": column}}

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == self._last and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            if "id" in message:  # the server asks something in turn
                self._send({"id": message["id"], "result": None})

    def _tell(self, method: str, **parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._server.stdin is not None
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        length = 0
        while (line := self._server.stdout.readline().strip()) or not length:
            assert line, "the server is gone"
            name, _, value = line.partition(b": ")
            length = int(value) if name == b"Content-Length" else length
        message: dict[str, Any] = json.loads(self._server.stdout.read(length))
        return message
