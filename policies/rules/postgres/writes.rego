package rules.postgres

# METADATA
# title: No write on every row
# description: |
#   An update, delete or merge whose condition is absent or always true, wherever in the statement it stands. Tables in which tools keep their own books
#   are in `data.rules.postgres.books.tables`: these are written so.
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
	not keeps_books(relation)
}

# METADATA
# description: A table of one or a few rows in which a tool for migrations keeps its lock or its sums.
keeps_books(relation) if relation.name in data.rules.postgres.books.tables

# METADATA
# description: The strongest of the statement's row writes; "write" when it has none that we know.
row_write := [effect | some effect in input.command.effects; effect in {"delete", "update", "merge"}][0]

row_write := "write" if {
	count([effect | some effect in input.command.effects; effect in {"delete", "update", "merge"}]) == 0
}
