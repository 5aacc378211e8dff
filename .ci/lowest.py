"""Print what grading here and on a cluster needs, at the lowest versions that pyproject.toml allows, for pip."""

import pathlib
import re
import tomllib

project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in [*project["dependencies"], *project["optional-dependencies"]["cluster"]]:
    print(re.sub(r">=(.+)", r"==\1.*", requirement))
