package rules.postgres

# METADATA
# title: What was not understood does not run under masks
# custom: {id: PG-001}
deny contains {
	"id": "PG-001",
	"msg": $"the statement cannot be seen through: {concat("; ", input.command.analysis.reasons)}",
	"hint": seen_through,
	"severity": "high",
} if {
	not input.command.analysis.complete
	limited
}

# METADATA
# description: What to do instead, by what stands in the way.
seen_through := "Nobody reads these through the gateway. psql asks for them with a plus only: \\dRs and \\deu show the rest." if {
	some reason in input.command.analysis.reasons
	some secret in [" holds credentials", " holds password hashes", " holds server files"]
	endswith(reason, secret)
} else := "Name the columns that you need: all but query are read, and query of your own session alone: WHERE pid = pg_backend_pid()." if {
	some reason in input.command.analysis.reasons
	endswith(reason, "pg_stat_activity holds statements of others")
} else := "Choose a column without labels by its name, WHERE schemaname = '...' AND tablename = '...' AND attname = '...', and leave correlation out." if {
	some reason in input.command.analysis.reasons
	endswith(reason, "pg_stats holds values of columns")
} else := "Read the tables themselves: their labelled columns leave masked." if {
	some reason in input.command.analysis.reasons
	contains(reason, " holds ")
} else := "Send the statements one by one: each is read by the schema that the one before it has left." if {
	"an earlier statement of the message changes what names mean" in input.command.analysis.reasons
} else := "Under READ COMMITTED the gateway sees what a transaction has changed of the schema. Or commit first." if {
	"the schema was changed in this transaction" in input.command.analysis.reasons
} else := "Close it, and open it again." if {
	"the cursor was opened when its names meant something else" in input.command.analysis.reasons
} else := "Ask for labels on the columns of that table." if {
	some reason in input.command.analysis.reasons
	contains(reason, "is a table of another server")
} else := "Send the statements themselves." if {
	some reason in input.command.analysis.reasons
	endswith(reason, "is not read")
} else := "Check the name, or write the schema before it." if {
	some reason in input.command.analysis.reasons
	endswith(reason, "is not known")
} else := "Check the name: no table of the statement has such a column. A psql that is older than the server asks for some: use the server's." if {
	some reason in input.command.analysis.reasons
	endswith(reason, "cannot be resolved")
} else := "Write it so that every table, column and function can be told from the statement itself."

# METADATA
# title: A masked column is no filter and no ingredient
# description: |
#   Whoever may compare, sort or compute with a value learns it without seeing it.
#   A masked column may only be selected, as it is or inside text. Whether it is NULL shows in the masked column as well.
# custom: {id: PG-010}
deny contains {
	"id": "PG-010",
	"msg": $"{used.column} is {label} and cannot be used {in_words(used.use)}",
	"hint": use_instead(used.use, label),
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	some used in input.command.filters
	some label in used.labels
	not may_read(label)
	tells_more(used.use, label)
}

# METADATA
# description: The use tells more than the masked column does.
tells_more(use, _) if not use in {"null_test", "equality"}

tells_more("null_test", label) if object.get(data.labels, [label, "mask"], "redact") == "null"

tells_more("equality", label) if not may_look_up(label)

# METADATA
# description: |
#   Whoever already has a value may ask which rows have it: `lookup: equality` in the label's data.
may_look_up(label) if data.labels[label].lookup == "equality"

# METADATA
# title: Few look-ups in an hour
# description: |
#   Whoever has a list of values would learn by as many look-ups which of them are there. A principal has so
#   many on a target in 60 minutes, over all sessions, as `lookups_per_hour` in the label's data says, or 60.
# custom: {id: PG-016}
deny contains {
	"id": "PG-016",
	"msg": $"{used.column} is {label}, and you have looked up as many values as you may in an hour",
	"hint": "Wait, or ask for more lookups_per_hour on the label.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	some used in input.command.filters
	used.use == "equality"
	some label in used.labels
	not may_read(label)
	may_look_up(label)
	not within_the_hour(label)
}

# METADATA
# description: Those of this statement included.
within_the_hour(label) if {
	input.session.lookups + input.command.lookups <= object.get(data.labels, [label, "lookups_per_hour"], 60)
}

# METADATA
# title: What follows from masked values is not counted
# description: |
#   The server counts what it does, and a plan says what it expects or has done. None of it is a value, but some follows from values: who may write
#   a masked column could try values, and see by a counter whether one was there already. Groups read them where `data.rules.postgres.measures[target].readers` names them.
# custom: {id: PG-017}
deny contains {
	"id": "PG-017",
	"msg": $"{measure_in_words(measure)} tells {told_in_words[measure.tells]}",
	"hint": measure_instead(measure),
	"severity": "medium",
	"controls": ["SOC2:CC6.1"],
} if {
	some measure in input.command.measures
	under_masks
	not may_measure
}

# METADATA
# description: The principal reads counters on this target, and the statement keeps nothing of what it reads for others.
may_measure if {
	reads_measures
	not keeps_something
}

reads_measures if {
	some group in data.rules.postgres.measures[input.target.name].readers
	group in input.principal.groups
}

# METADATA
# description: Rows, definitions and notifications are there for those who may not read counters. What a plan says is not stored.
keeps_something if {
	some effect in input.command.effects
	effect in {"opaque", "program", "ddl", "update", "merge", "insert", "delete", "notify"}
	some measure in input.command.measures
	measure.what == "counter"
}

told_in_words := {
	"writing": "how much was written, and so how alike old and new values are",
	"room": "how much room values take, and so how long they are",
	"distinct": "how many different values there are",
}

measure_in_words(measure) := measure.name if measure.what == "counter"

measure_in_words(measure) := object.get(
	{"costs": "what a plan expects", "work": "what a plan has done"},
	measure.name,
	"a plan",
) if {
	measure.what == "plan"
}

measure_instead(measure) := "Read it in a statement that keeps nothing: no rows written, nothing defined." if {
	measure.what == "counter"
	reads_measures
} else := "Name other columns, or ask for your group among the readers of measures on this target." if {
	measure.what == "counter"
} else := "Say EXPLAIN (COSTS OFF) without ANALYZE, MEMORY, BUFFERS, explain a statement that names no labelled column, or ask for your group among the readers of measures on this target."

# METADATA
# title: A masked column leaves as it is, inside text, or not at all
# description: |
#   What is derived from it by functions that cannot fail or become NULL by its value leaves redacted.
# custom: {id: PG-011}
deny contains {
	"id": "PG-011",
	"msg": $"output column {column.name} is computed from {label}",
	"hint": "Select the column itself: it leaves masked.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	some column in input.command.output
	not column.transform in {"plain", "derived"}
	some label in column.labels
	not may_read(label)
}

# METADATA
# title: Masked values are not copied where no label follows
# custom: {id: PG-012}
deny contains {
	"id": "PG-012",
	"msg": $"{label} would be copied into {input.command.into}",
	"hint": "Leave the labelled columns out.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	not is_null(input.command.into)
	some label in masked_labels
}

# METADATA
# title: Nor into a column that has no such label yet
# custom: {id: PG-012}
deny contains {
	"id": "PG-012",
	"msg": $"{label} would be copied into {copy.column}",
	"hint": "Leave the labelled columns out.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	some copy in input.command.copies
	some label in copy.labels
	not may_read(label)
}

# METADATA
# title: Masked values leave through COPY only where masks can be put on them
# description: COPY to the client in text, CSV or binary leaves masked like the same SELECT.
# custom: {id: PG-012}
deny contains {
	"id": "PG-012",
	"msg": $"{label} would leave through COPY in clear: {object.get(input.command.copy, "unmaskable", "nobody said how")}",
	"hint": "Use COPY ... TO STDOUT in text, CSV or binary, with UTF8 and NULL as it is.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	input.command.copy.direction == "out"
	not copy_is_maskable
	some label in masked_labels
}

# METADATA
# description: Nothing speaks against masks on what this COPY brings out.
copy_is_maskable if is_null(input.command.copy.unmaskable)

# METADATA
# title: Nothing opaque runs under masks
# description: DO blocks, unknown functions, dynamic SQL, large objects and statistics can bring out what is masked.
# custom: {id: PG-013}
deny contains {
	"id": "PG-013",
	"msg": $"{input.command.kind} runs code that cannot be seen through",
	"hint": "Send the statements themselves.",
	"severity": "high",
} if {
	"opaque" in input.command.effects
	under_masks
}

# METADATA
# title: No function that can bring out masked values
# custom: {id: PG-013}
deny contains {
	"id": "PG-013",
	"msg": $"function {written(f)} can bring out masked values ({category})",
	"hint": "Read the table itself: labelled columns leave masked.",
	"severity": "high",
} if {
	some f in input.command.functions
	some category in f.categories
	category in {"dynamic_sql", "large_object", "statistics", "unknown"}
	under_masks
}

# METADATA
# description: As it stands in the statement, with the schema that it was found in.
written(f) := f.name if f.schema == ""

written(f) := $"{f.schema}.{f.name}" if f.schema != ""

# METADATA
# title: No new code under masks
# description: What is defined today runs tomorrow with other eyes.
# custom: {id: PG-014}
deny contains {
	"id": "PG-014",
	"msg": $"{input.command.kind} would store code that can read masked columns",
	"hint": "Ask a member of a group that reads the labels.",
	"severity": "high",
} if {
	not plain_kind
	input.command.kind in {
		"create_function", "alter_function", "create_trig", "rule", "create_event_trig", "create_cast",
		"create_op_class", "create_op_family", "alter_op_family", "define", "create_policy", "alter_policy", "create_transform", "create_conversion",
	}
	under_masks
}

# METADATA
# title: Definitions of labelled tables stay
# custom: {id: PG-015}
deny contains {
	"id": "PG-015",
	"msg": $"{input.command.kind} on a table with {label} could part the label from its column",
	"hint": "Ask a member of a group that reads the label.",
	"severity": "high",
} if {
	"ddl" in input.command.effects
	some label in masked_labels
}

# METADATA
# description: Somebody whose results are masked or cut.
limited if under_masks

limited if input.principal.kind == "agent"

# METADATA
# description: Whether a value that is written may be there once only tells whether it is there, as looking it up does.
writes_look_up("equality") if {
	some effect in input.command.effects
	effect in {"insert", "update"}
}

in_words(use) := "as a key: whether the value is there already is a look-up" if {
	writes_look_up(use)
} else := use_in_words(use)

use_in_words(use) := object.get(
	{
		"null_test": "to see whether it is NULL",
		"equality": "to look rows up",
		"where": "in a condition (WHERE)",
		"join": "to join tables",
		"group": "to group rows",
		"order": "to order rows",
		"distinct": "to tell rows apart (DISTINCT)",
		"having": "in a condition (HAVING)",
		"limit": "to count rows",
		"expression": "inside an expression",
		"set": "to compute what is written",
		"returning": "in RETURNING",
		"copy": "in COPY",
		"view": "through a view or a generated column",
		"function": "as an argument of a function",
		"key": "as a key, whose values have to be unique or to exist",
		"rule": "by a rule of its table: a check, an index, row-level security, a partition",
		"other": "in a definition",
		"index_order": "to order rows, as an index over it may do where the statement asks for no order",
	},
	use,
	"that way",
)

use_instead(use, label) := $"Ask for lookup: equality on label {label}, or leave the column out." if {
	writes_look_up(use)
} else := $"Ask for lookup: equality on label {label}, or filter by other columns, such as the primary key." if {
	use == "equality"
} else := "Group by other columns. count() of the column itself counts the rows in which it is not NULL." if {
	use in {"group", "distinct"}
} else := "Filter, join and order by other columns, such as the primary key." if {
	use in {"where", "join", "order", "having", "limit"}
} else := "Order by the primary key of the table, or choose one row by it. In groups, DISTINCT, max and min round numbers: round(price, 2). Sum floats as numbers: sum(score::numeric)." if {
	use == "index_order"
} else := "Read the table itself: its labelled columns leave masked." if {
	use == "view"
} else := "The table itself compares with it. Ask a member of a group that reads the label." if {
	use in {"key", "rule"}
} else := "Ask a member of a group that reads the label. Columns, defaults, indexes and keys beside it may be changed, by a statement of their own." if {
	use == "other"
} else := "Select the columns by name, without the labelled ones." if {
	use in {"copy", "null_test"}
} else := "Write constants or unlabelled columns. A part of a document is changed by jsonb_set, #- or || of its own column, by names that are constants." if {
	use == "set"
} else := "Select the column itself, or text made of it: it leaves masked. What is computed from it (a sum, an average, a length, a comparison) would tell it: compute from other columns, or count rows."
