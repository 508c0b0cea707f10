package rules.postgres

# METADATA
# title: Orders are closed
# custom: {id: SH-001}
deny contains {"id": "SH-001", "msg": "orders are closed", "severity": "high"} if {
	"shadowed" in input.principal.groups
	input.command.action == "read"
	some relation in input.command.relations
	relation.name == "orders"
}

# METADATA
# title: May clean up
# custom: {id: SH-500}
allow contains {"id": "SH-500", "msg": "may clean up"} if {
	"shadowed" in input.principal.groups
	input.command.action == "delete"
}
