package rules.postgres

# METADATA
# title: Those who read
# custom: {id: PG-500}
allow contains {"id": "PG-500", "msg": "may read"} if {
	not beyond_reading
	some group in ["readers", "support", "compliance", "developers"]
	group in input.principal.groups
}

# METADATA
# title: Support and developers write rows
# custom: {id: PG-501}
allow contains {"id": "PG-501", "msg": "may write rows"} if {
	not beyond_writing
	some group in ["support", "developers"]
	group in input.principal.groups
}

# METADATA
# title: Developers change the schema
# custom: {id: PG-502}
allow contains {"id": "PG-502", "msg": "may change the schema"} if {
	"developers" in input.principal.groups
	not beyond_schema
}

# METADATA
# title: Database administrators do everything that no rule denies
# custom: {id: PG-503}
allow contains {"id": "PG-503", "msg": "may administer"} if {
	"dba" in input.principal.groups
}

# METADATA
# description: Nearly all statements. WebAssembly makes a list anew each time that something is looked for in it; for these there is no need to.
plain_kind if input.command.kind == "select"

plain_kind if input.command.kind == "insert"

plain_kind if input.command.kind == "update"

plain_kind if input.command.kind == "delete"

# METADATA
# description: Has an effect that a reader's statements do not have.
beyond_reading if {
	some effect in input.command.effects
	not effect in {"read", "explain", "transaction", "session", "set"}
	not lets_go(effect)
}

# METADATA
# description: Gives back what a session holds, as connection pools do between two users.
lets_go("notify") if input.command.kind == "unlisten"

lets_go("lock") if {
	input.command.kind == "select"
	count(input.command.relations) == 0
	count(input.command.functions) > 0
	every f in input.command.functions { startswith(f.name, "pg_advisory_unlock") }
}

# METADATA
# description: Has an effect beyond writing rows.
beyond_writing if {
	some effect in input.command.effects
	not effect in {"read", "explain", "transaction", "session", "set", "insert", "update", "delete", "merge", "lock", "notify"}
}

# METADATA
# description: Has an effect beyond changing rows and schema.
beyond_schema if {
	some effect in input.command.effects
	effect in {"opaque", "program", "grant"}
}
