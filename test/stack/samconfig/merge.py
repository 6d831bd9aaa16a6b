"""Prints, as JSON, which parameters sam deploy sends with each of several samconfig.toml: the SAM CLI's own code.

    merge.py template.yaml ENVIRONMENT samconfig.toml...
"""

import json
import sys
from pathlib import Path

from samcli.cli.types import CfnParameterOverridesType
from samcli.commands.deploy.deploy_context import DeployContext
from samcli.lib.config.samconfig import SamConfig
from samcli.yamlhelper import parse_yaml_file

template = parse_yaml_file(sys.argv[1])
sent = []
for file in map(Path, sys.argv[3:]):
    parameters = SamConfig(file.parent, file.name).get_all(["deploy"], "parameters", sys.argv[2])
    overrides = CfnParameterOverridesType().convert(parameters["parameter_overrides"], None, None)
    sent.append(DeployContext.merge_parameters(template, overrides))
json.dump(sent, sys.stdout)
