package rules.postgres

# METADATA
# title: Orders are closed
# description: What the second bundle of the reload test brings.
# custom: {id: RL-001}
deny contains {"id": "RL-001", "msg": "orders are closed", "severity": "low"} if {
	"reload-readers" in input.principal.groups
	some relation in input.command.relations
	relation.name == "orders"
}

# METADATA
# title: The schema is frozen
# custom: {id: RL-002}
deny contains {"id": "RL-002", "msg": "the schema is frozen", "severity": "low"} if {
	"reload-developers" in input.principal.groups
	"ddl" in input.command.effects
}
