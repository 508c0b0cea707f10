# Inputs that the tests start from.
package policy_tests.statements

# METADATA
# description: A statement by `who` on the demo's target, with these facts changed.
by(who, facts) := {
	"v": 1,
	"request_id": "r1",
	"principal": object.union(_ana, who),
	"client": {"ip": "192.0.2.7", "application": "psql"},
	"target": {"name": "crm", "protocol": "postgres", "labels": {"env": "prod"}},
	"session": {"id": "s1", "started_at": "2026-01-01T00:00:00Z", "commands": 0, "rows_returned": 0, "denials": 0, "labels_read": [], "lookups": 0},
	"now": {"unix_ms": 0, "rfc3339": "1970-01-01T00:00:00.000Z", "weekday": "thursday", "minute_of_day": 0},
	"command": object.union(_select, facts),
}

# METADATA
# description: The same, outside production.
in_staging(input_) := object.union(input_, {"target": {"labels": {"env": "staging"}}})

# METADATA
# description: The same, after these rules' approval.
approved(input_, rules) := object.union(input_, {"approval": {"id": "h1", "rules": rules, "approvers": ["bea"], "scope": "once"}})

reader := {"groups": ["readers"]}

agent := {"id": "billing-agent", "kind": "agent", "groups": ["readers", "support"], "acts_for": ["ana"]}

support := {"groups": ["support"]}

developer := {"groups": ["developers"]}

dba := {"groups": ["dba"]}

compliance := {"groups": ["compliance"]}

# METADATA
# description: Reads every label, so nothing is masked for her; she administers besides.
unmasked_dba := {"groups": ["dba", "compliance"]}

customers(access) := {"schema": "public", "name": "customers", "kind": "table", "access": access, "columns": [], "labels": []}

ids(findings) := {f.id | some f in findings}

_ana := {
	"id": "ana",
	"kind": "human",
	"issuer": "https://id.example",
	"groups": [],
	"claims": {},
	"acts_for": [],
	"auth": {"method": "jwt", "at": "2026-01-01T00:00:00Z"},
}

_select := {
	"protocol": "postgres",
	"action": "read",
	"effects": ["read"],
	"text": "",
	"labels": [],
	"analysis": {"complete": true, "reasons": []},
	"kind": "select",
	"relations": [],
	"output": [],
	"filters": [],
	"lookups": 0,
	"functions": [],
	"copies": [],
	"measures": [],
	"quotes": [],
	"unfiltered": false,
	"limit": null,
	"into": null,
	"copy": null,
	"set": [],
	"transaction": {"in": false, "failed": false},
	"batch": {"index": 0, "count": 1},
	"params": [],
	"fingerprint": "0000000000000000",
}
