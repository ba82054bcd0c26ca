"""A minion's job as a process that a test can kill: asks for a run and writes the result as JSON."""

import json
import sys

import ground

print(json.dumps(ground.module.dist_upgrade(sys.argv[1], **json.loads(sys.argv[2]))))
