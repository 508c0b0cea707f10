package rules.postgres

# METADATA
# title: No write on every row
# description: An update, delete or merge whose condition is absent or always true, wherever in the statement it stands.
# custom: {id: PG-002}
deny contains {
	"id": "PG-002",
	"msg": $"{row_write} on every row of {relation.schema}.{relation.name}",
	"hint": "Add a WHERE clause.",
	"severity": "critical",
	"controls": ["SOC2:CC8.1"],
} if {
	input.command.unfiltered
	some relation in input.command.relations
	relation.access == "write"
}

# METADATA
# description: The strongest of the statement's row writes; "write" when it has none that we know.
row_write := [effect | some effect in input.command.effects; effect in {"delete", "update", "merge"}][0]

row_write := "write" if {
	count([effect | some effect in input.command.effects; effect in {"delete", "update", "merge"}]) == 0
}
