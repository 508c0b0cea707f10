# Inputs that the tests start from.
package policy_tests.requests

# METADATA
# description: A request by `who` on a host in production, with these facts changed.
by(who, facts) := {
	"v": 1,
	"request_id": "r1",
	"principal": object.union(_ana, who),
	"client": {"ip": "192.0.2.7", "application": "OpenSSH_9.2"},
	"target": {"name": "web1", "protocol": "ssh", "labels": {"env": "prod"}},
	"session": {"id": "s1", "started_at": "2026-01-01T00:00:00Z", "commands": 0, "rows_returned": 0, "denials": 0, "labels_read": [], "lookups": 0},
	"now": {"unix_ms": 0, "rfc3339": "1970-01-01T00:00:00.000Z", "weekday": "thursday", "minute_of_day": 0},
	"command": object.union(_ls, facts),
}

# METADATA
# description: The same, outside production.
in_staging(input_) := object.union(input_, {"target": {"labels": {"env": "staging"}}})

# METADATA
# description: The same, after these rules' approval.
approved(input_, rules) := object.union(input_, {"approval": {"id": "h1", "rules": rules, "approvers": ["bea"], "scope": "once"}})

reader := {"groups": ["readers"]}

agent := {"id": "ops-agent", "kind": "agent", "groups": ["readers", "developers"], "acts_for": ["ana"]}

developer := {"groups": ["developers"]}

operator := {"groups": ["operators"]}

ids(findings) := {f.id | some f in findings}

# METADATA
# description: A program with these words.
program(name, argv) := {"name": name, "argv": argv, "text": concat(" ", argv), "line": concat(" ", argv)}

# METADATA
# description: A word that cannot be known, in this place.
dynamic(where, why) := {"dynamic": [{"where": where, "why": why, "text": "$x"}], "analysis": {"complete": false, "reasons": [why]}}

# METADATA
# description: A request that is no command line.
request(name, effect, facts) := object.union(
	{
		"request": name, "action": effect, "effects": [effect], "kind": "none", "name": "", "argv": [], "line": "", "text": "",
		"pipeline": {"index": 0, "names": []},
	},
	facts,
)

# METADATA
# description: An operation of sftp with this effect on a file.
file(effect, path) := request("sftp", effect, {"file": {
	"operation": _operations[effect], "path": path, "target_path": null, "asked_path": path, "asked_target_path": null,
	"resolved": true, "flags": [], "attributes": [], "mode": null,
}})

# METADATA
# description: A file that is opened with these flags.
opening(effect, flags) := object.union(file(effect, "/srv/report"), {"file": {"operation": "open", "flags": flags}})

_operations := {"read": "list", "write": "mkdir", "remove": "remove"}

_ana := {
	"id": "ana",
	"kind": "human",
	"issuer": "https://id.example",
	"groups": [],
	"claims": {},
	"acts_for": [],
	"auth": {"method": "certificate", "at": "2026-01-01T00:00:00Z"},
}

_ls := {
	"protocol": "ssh",
	"action": "run",
	"effects": ["run"],
	"text": "ls",
	"labels": [],
	"analysis": {"complete": true, "reasons": []},
	"request": "exec",
	"pty": false,
	"line": "ls",
	"parse_error": null,
	"kind": "program",
	"name": "ls",
	"argv": ["ls"],
	"env": [],
	"redirects": [],
	"position": {"index": 0, "count": 1},
	"pipeline": {"index": 0, "names": ["ls"]},
	"wrapped_by": [],
	"substitution": null,
	"dynamic": [],
	"transfer": null,
	"file": null,
	"forward": null,
	"subsystem": null,
	"signal": null,
}
