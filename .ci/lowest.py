"""Print the course's dependencies at the lowest versions that pyproject.toml allows, one a line, for pip."""

import pathlib
import re
import tomllib

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in project["dependencies"]:
    print(re.sub(r">=(.+)", r"==\1.*", requirement))
