package rules.postgres

# METADATA
# title: Schema changes in production are approved by a database administrator
# custom: {id: PG-100}
approve contains {
	"id": "PG-100",
	"msg": $"{input.command.kind} changes a production database",
	"groups": ["dba"],
	"quorum": 1,
	"ttl_s": 900,
	"scope": "once",
} if {
	input.target.labels.env == "prod"
	some effect in input.command.effects
	effect in {"ddl", "truncate", "grant", "opaque"}
}

# METADATA
# title: An agent's writes in production are approved by a human
# custom: {id: PG-101}
approve contains {
	"id": "PG-101",
	"msg": $"an agent's {input.command.action} in production",
	"groups": ["approvers", "dba"],
	"quorum": 1,
	"ttl_s": 600,
	"scope": "once",
} if {
	input.principal.kind == "agent"
	input.target.labels.env == "prod"
	writes_rows
}

# METADATA
# title: Developers' writes in production are approved
# custom: {id: PG-102}
approve contains {
	"id": "PG-102",
	"msg": $"a developer's {input.command.action} in production",
	"groups": ["approvers", "dba"],
	"quorum": 1,
	"ttl_s": 900,
	"scope": "once",
} if {
	"developers" in input.principal.groups
	input.target.labels.env == "prod"
	writes_rows
}

# METADATA
# title: Schema changes in production are announced
# custom: {id: PG-400}
notify contains {
	"id": "PG-400",
	"msg": $"{input.command.kind} on {input.target.name}",
	"channel": "secops",
} if {
	input.target.labels.env == "prod"
	some effect in input.command.effects
	effect in {"ddl", "truncate", "grant"}
}

# METADATA
# title: Agents read at most 1,000 rows at a time
# custom: {id: PG-300}
limit contains {"id": "PG-300", "msg": "agents read at most 1,000 rows at a time", "rows": 1000} if {
	input.principal.kind == "agent"
}

# METADATA
# description: Writes rows, whatever else it does.
writes_rows if {
	some effect in input.command.effects
	effect in {"insert", "update", "delete", "merge"}
}
