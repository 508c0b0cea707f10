# METADATA
# title: Rules for PostgreSQL
# description: |
#   Each file adds findings about one SQL statement: allow, deny, approve, mask, limit, notify.
#   The bundle runs on WebAssembly, where every rule is tried for every statement: start a rule with its cheapest test.
# schemas:
#   - input: schema.postgres
package rules.postgres

# METADATA
# title: Labelled values leave masked
# description: For everyone but the label's readers. A label that no data describes is redacted for all.
# custom: {id: PG-200}
mask contains {
	"id": "PG-200",
	"msg": $"{label} leaves masked",
	"label": label,
	"method": object.get(data.labels, [label, "mask"], "redact"),
} if {
	some label in masked_labels
}

# METADATA
# title: What code of the database says is withheld where it may quote such values
# description: Triggers, policies and checks run by themselves. Where something leaves masked, texts of notices and errors are withheld.
# custom: {id: PG-200}
mask contains {
	"id": "PG-200",
	"msg": $"code that runs by itself may quote {label}",
	"label": label,
	"method": object.get(data.labels, [label, "mask"], "redact"),
} if {
	some label in input.command.quotes
	not may_read(label)
}

# METADATA
# title: Notifications arrive without their payload
# description: |
#   What another session puts into a payload cannot be traced to a column. With a mask on what LISTEN brings, only that there was one is told.
# custom: {id: PG-201}
mask contains {
	"id": "PG-201",
	"msg": $"a payload may hold {label}",
	"label": label,
	"method": "redact",
} if {
	input.command.kind == "listen"
	under_masks
	some label, _ in data.labels
	not may_read(label)
}

# METADATA
# description: Labels of this statement that this principal may not read in clear.
masked_labels contains label if {
	some label in input.command.labels
	not may_read(label)
}

# METADATA
# description: The principal belongs to a group that reads this label in clear.
may_read(label) if {
	some group in data.labels[label].readers
	group in input.principal.groups
}

# METADATA
# description: |
#   There is something on this target that this principal may not see.
#   What cannot be seen through could bring it out.
under_masks if {
	data.columns[input.target.name]
	some label, _ in data.labels
	not may_read(label)
}
