package policy_tests.masking_test

import data.policy_tests.statements as s
import data.sallyport.postgres

plain(label) := {
	"labels": [label],
	"output": [{"name": "x", "sources": ["public.customers.x"], "transform": "plain", "labels": [label]}],
}

test_labelled_columns_leave_masked[label] if {
	some label, method in {
		"pii.ssn": "partial",
		"pii.email": "tokenize",
		"pii.phone": "partial",
		"pii.notes": "redact",
		"pii.iban": "hash",
		"pci.pan": "partial",
		"hr.salary": "null",
	}
	d := postgres.decision with input as s.by(s.reader, plain(label))
	d.effect == "mask"
	d.masks == {label: method}
}

test_a_label_that_nobody_defined_is_redacted if {
	d := postgres.decision with input as s.by(s.compliance, plain("pii.new"))
	d.effect == "mask"
	d.masks == {"pii.new": "redact"}
}

test_listening_under_masks_brings_no_payload if {
	listen := {"kind": "listen", "action": "notify", "effects": ["notify"]}
	some who in [s.developer, s.support]
	d := postgres.decision with input as s.by(who, listen)
	d.effect == "mask"
	d.masks["pii.ssn"] == "redact"
}

test_compliance_reads_in_clear if {
	d := postgres.decision with input as s.by(s.compliance, plain("pii.ssn"))
	d.effect == "allow"
	d.masks == {}
}

test_nobody_reads_card_numbers if {
	d := postgres.decision with input as s.by(s.unmasked_dba, plain("pci.pan"))
	d.effect == "mask"
}

test_support_reads_addresses_and_no_ssn if {
	d := postgres.decision with input as s.by(s.support, {"labels": ["pii.email", "pii.ssn"]})
	d.masks == {"pii.ssn": "partial"}
}

test_masks_hold_for_what_was_approved if {
	i := s.by(s.agent, object.union(plain("pii.ssn"), {"action": "update", "effects": ["update"]}))
	d := postgres.decision with input as s.approved(i, ["PG-101"])
	d.effect == "mask"
	d.masks == {"pii.ssn": "partial"}
}

uses := {
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
}

test_a_masked_column_is_no_ingredient[use] if {
	some use, words in uses
	filter := {"column": "public.customers.ssn", "use": use, "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"labels": ["pii.ssn"], "filters": [filter]})
	d.effect == "deny"
	some f in d.findings.deny
	f.id == "PG-010"
	f.msg == $"public.customers.ssn is pii.ssn and cannot be used {words}"
	f.hint != ""
}

# To somebody who wants a group or an average, the column itself is no answer.
test_a_hint_is_about_the_use[use] if {
	some use, words in {
		"group": "Group by other columns",
		"distinct": "Group by other columns",
		"order": "such as the primary key",
		"index_order": "round(price, 2)",
		"set": "jsonb_set",
		"function": "an average",
		"expression": "a length",
	}
	filter := {"column": "public.customers.ssn", "use": use, "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"labels": ["pii.ssn"], "filters": [filter]})
	some f in d.findings.deny
	contains(f.hint, words)
}

look_up(session_lookups, facts) := object.union(
	s.by(s.reader, object.union(
		{
			"labels": ["pii.email"],
			"filters": [{"column": "public.customers.email", "use": "equality", "labels": ["pii.email"]}],
			"lookups": 1,
		},
		facts,
	)),
	{"session": {"lookups": session_lookups}},
)

allowed := {"lookup": "equality"}

# Whatever the data of the bundle says of it.
with_look_ups(more) := object.union(
	object.remove(data.labels, ["pii.email"]),
	{"pii.email": object.union({"mask": "tokenize", "readers": ["support"]}, more)},
)

test_nobody_looks_up_what_the_data_does_not_allow if {
	d := postgres.decision with input as look_up(0, {}) with data.labels as with_look_ups({})
	s.ids(d.findings.deny) == {"PG-010"}
	some f in d.findings.deny
	contains(f.hint, "lookup: equality on label pii.email")
}

# A value that has to be unique is written.
test_a_write_that_looks_up_is_called_one[effect] if {
	some effect in ["insert", "update"]
	i := object.union(look_up(0, {"effects": [effect]}), {"principal": s.dba})
	d := postgres.decision with input as s.in_staging(i) with data.labels as with_look_ups({})
	s.ids(d.findings.deny) == {"PG-010"}
	some f in d.findings.deny
	contains(f.msg, "whether the value is there already is a look-up")
	f.hint == "Ask for lookup: equality on label pii.email, or leave the column out."
}

test_a_write_that_looks_up_is_made_where_the_data_allows_it[effect] if {
	some effect in ["insert", "update"]
	i := s.in_staging(object.union(look_up(59, {"effects": [effect]}), {"principal": s.dba}))
	made := postgres.decision with input as i with data.labels as with_look_ups(allowed)
	made.effect == "mask"
	two := postgres.decision with input as object.union(i, {"command": {"lookups": 2}}) with data.labels as with_look_ups(allowed)
	s.ids(two.findings.deny) == {"PG-016"}
}

test_a_look_up_that_the_data_allows_is_made if {
	d := postgres.decision with input as look_up(0, {}) with data.labels as with_look_ups(allowed)
	d.effect == "mask"
}

test_each_label_of_the_column_has_to_allow_it if {
	both := [{"column": "public.customers.email", "use": "equality", "labels": ["pii.email", "pii.ssn"]}]
	d := postgres.decision with input as look_up(0, {"filters": both}) with data.labels as with_look_ups(allowed)
	s.ids(d.findings.deny) == {"PG-010"}
}

test_another_use_beside_it_is_denied if {
	both := [
		{"column": "public.customers.email", "use": "equality", "labels": ["pii.email"]},
		{"column": "public.customers.email", "use": "where", "labels": ["pii.email"]},
	]
	d := postgres.decision with input as look_up(0, {"filters": both}) with data.labels as with_look_ups(allowed)
	s.ids(d.findings.deny) == {"PG-010"}
}

test_the_sixtieth_look_up_in_an_hour_is_the_last if {
	sixtieth := postgres.decision with input as look_up(59, {}) with data.labels as with_look_ups(allowed)
	sixtieth.effect == "mask"
	next := postgres.decision with input as look_up(60, {}) with data.labels as with_look_ups(allowed)
	s.ids(next.findings.deny) == {"PG-016"}
	two := postgres.decision with input as look_up(59, {"lookups": 2}) with data.labels as with_look_ups(allowed)
	s.ids(two.findings.deny) == {"PG-016"}
}

test_the_data_says_how_many_look_ups_an_hour_has if {
	none := postgres.decision with input as look_up(0, {}) with data.labels as with_look_ups({"lookup": "equality", "lookups_per_hour": 0})
	s.ids(none.findings.deny) == {"PG-016"}
	many := postgres.decision with input as look_up(99, {}) with data.labels as with_look_ups({"lookup": "equality", "lookups_per_hour": 100})
	many.effect == "mask"
}

test_who_reads_the_label_looks_up_as_often_as_they_like if {
	i := object.union(look_up(1000, {}), {"principal": {"groups": ["support"]}})
	d := postgres.decision with input as i with data.labels as with_look_ups(allowed)
	d.effect == "allow"
}

# The labels of a filter count even where the command's own list forgot them.
test_a_filter_over_a_label_that_the_command_does_not_list_is_denied if {
	filter := {"column": "public.customers.ssn", "use": "where", "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"labels": [], "filters": [filter]})
	d.effect == "deny"
}

test_compliance_filters_by_what_it_reads if {
	filter := {"column": "public.customers.ssn", "use": "where", "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.compliance, {"labels": ["pii.ssn"], "filters": [filter]})
	d.effect == "allow"
}

test_a_computed_column_is_denied[transform] if {
	some transform in ["expression", "unknown"]
	output := {"name": "x", "sources": [], "transform": transform, "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"labels": ["pii.ssn"], "output": [output]})
	s.ids(d.findings.deny) == {"PG-011"}
}

test_a_derived_column_leaves if {
	output := {"name": "x", "sources": [], "transform": "derived", "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"labels": ["pii.ssn"], "output": [output]})
	d.effect == "mask"
}

test_whether_a_masked_column_is_null_is_no_secret if {
	filter := {"column": "public.customers.ssn", "use": "null_test", "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, {"filters": [filter]})
	d.effect == "allow"
}

test_whether_a_column_is_null_is_a_secret_where_the_mask_is_null if {
	filter := {"column": "public.employees.salary", "use": "null_test", "labels": ["hr.salary"]}
	d := postgres.decision with input as s.by(s.reader, {"filters": [filter]})
	d.effect == "deny"
	some f in d.findings.deny
	f.msg == "public.employees.salary is hr.salary and cannot be used to see whether it is NULL"
}

test_labelled_columns_are_not_copied if {
	into := postgres.decision with input as s.by(s.developer, {"labels": ["pii.ssn"], "into": "public.x", "action": "ddl", "effects": ["ddl"]})
	"PG-012" in s.ids(into.findings.deny)
}

test_labelled_values_are_not_stored_elsewhere if {
	copy := {"column": "public.orders.note", "labels": ["pii.ssn"], "sources": ["public.customers.ssn"]}
	write := {"action": "update", "effects": ["update"], "kind": "update", "copies": [copy]}
	d := postgres.decision with input as s.by(s.developer, write)
	"PG-012" in s.ids(d.findings.deny)
}

test_readers_of_a_label_copy_it if {
	copy := {"column": "public.orders.note", "labels": ["pii.iban"], "sources": ["public.payments.iban"]}
	d := postgres.decision with input as s.by(s.compliance, {"copies": [copy]})
	d.effect == "allow"
}

copy_out(unmaskable) := {
	"kind": "copy",
	"copy": {"direction": "out", "to": "client", "format": "csv", "unmaskable": unmaskable},
}

test_labelled_columns_leave_masked_by_copy if {
	facts := object.union(copy_out(null), plain("pii.ssn"))
	d := postgres.decision with input as s.by(s.reader, facts)
	d.effect == "mask"
	d.masks == {"pii.ssn": "partial"}
}

test_labelled_columns_do_not_leave_by_a_copy_that_cannot_be_masked if {
	facts := object.union(copy_out("its ENCODING is not UTF8"), plain("pii.ssn"))
	d := postgres.decision with input as s.by(s.reader, facts)
	s.ids(d.findings.deny) == {"PG-012"}
	some f in d.findings.deny
	f.msg == "pii.ssn would leave through COPY in clear: its ENCODING is not UTF8"
}

# Recorded before the fact was: what nobody said counts as a no.
test_a_copy_of_which_nobody_said_whether_it_can_be_masked_is_denied if {
	facts := {"labels": ["pii.ssn"], "kind": "copy", "copy": {"direction": "out", "to": "client"}}
	d := postgres.decision with input as s.by(s.reader, facts)
	s.ids(d.findings.deny) == {"PG-012"}
}

test_a_computed_column_is_denied_in_copy_too if {
	output := {"name": "x", "sources": [], "transform": "expression", "labels": ["pii.ssn"]}
	d := postgres.decision with input as s.by(s.reader, object.union(copy_out(null), {"labels": ["pii.ssn"], "output": [output]}))
	s.ids(d.findings.deny) == {"PG-011"}
}

test_unlabelled_columns_are_copied[unmaskable] if {
	some unmaskable in [null, "its ENCODING is not UTF8"]
	d := postgres.decision with input as s.by(s.reader, copy_out(unmaskable))
	d.effect == "allow"
}

incomplete := {"analysis": {"complete": false, "reasons": ["function f cannot be seen through"]}}

test_what_was_not_understood_does_not_run_under_masks[who] if {
	some who in [s.reader, s.agent, s.developer, s.dba, s.support]
	d := postgres.decision with input as s.by(who, incomplete)
	s.ids(d.findings.deny) == {"PG-001"}
	some f in d.findings.deny
	f.msg == "the statement cannot be seen through: function f cannot be seen through"
}

test_what_stands_in_the_way_says_what_to_do_instead[reason] if {
	some reason, hint in {
		"pg_catalog.pg_stats holds values of columns": "Choose a column without labels by its name, WHERE schemaname = '...' AND tablename = '...' AND attname = '...', and leave correlation out.",
		"pg_catalog.pg_statistic holds values of columns": "Read the tables themselves: their labelled columns leave masked.",
		"public.t is a table of another server, and none of its columns is labelled": "Ask for labels on the columns of that table.",
		"pg_catalog.pg_stat_activity holds statements of others": "Name the columns that you need: all but query are read, and query of your own session alone: WHERE pid = pg_backend_pid().",
		"an earlier statement of the message changes what names mean": "Send the statements one by one: each is read by the schema that the one before it has left.",
		"the schema was changed in this transaction": "Under READ COMMITTED the gateway sees what a transaction has changed of the schema. Or commit first.",
		"the cursor was opened when its names meant something else": "Close it, and open it again.",
		"the body of DO is not read": "Send the statements themselves.",
		"relation nowhere is not known": "Check the name, or write the schema before it.",
		"pg_catalog.pg_subscription holds credentials": "Nobody reads these through the gateway. psql asks for them with a plus only: \\dRs and \\deu show the rest.",
		"reference nam cannot be resolved": "Check the name: no table of the statement has such a column. A psql that is older than the server asks for some: use the server's.",
		"function f cannot be seen through": "Write it so that every table, column and function can be told from the statement itself.",
	}
	d := postgres.decision with input as s.by(s.reader, {"analysis": {"complete": false, "reasons": [reason]}})
	some f in d.findings.deny
	f.id == "PG-001"
	f.hint == hint
}

test_what_code_may_quote_is_withheld_and_nothing_else if {
	facts := {"quotes": ["pii.email"], "action": "ddl", "effects": ["ddl"], "kind": "create"}
	d := postgres.decision with input as s.by(s.reader, facts)
	d.findings.deny == set()
	s.ids(d.findings.mask) == {"PG-200"}
	d.masks["pii.email"]
}

counter := {"what": "counter", "name": "pg_stat_io.hits", "tells": "writing"}

granted := {"crm": {"readers": ["dba"]}}

test_counters_are_not_read_under_masks[who.groups] if {
	some who in [s.reader, s.dba, s.agent]
	d := postgres.decision with input as s.by(who, {"measures": [counter]}) with data.rules.postgres.measures as {}
	s.ids(d.findings.deny) == {"PG-017"}
}

test_what_counters_and_plans_tell_is_said[msg] if {
	some measure, msg in {
		counter: "pg_stat_io.hits tells how much was written, and so how alike old and new values are",
		{"what": "counter", "name": "pg_stat_get_db_temp_bytes", "tells": "room"}: "pg_stat_get_db_temp_bytes tells how much room values take, and so how long they are",
		{"what": "counter", "name": "pg_stat_user_indexes.idx_scan", "tells": "distinct"}: "pg_stat_user_indexes.idx_scan tells how many different values there are",
		{"what": "plan", "name": "costs", "tells": "room"}: "what a plan expects tells how much room values take, and so how long they are",
		{"what": "plan", "name": "work", "tells": "writing"}: "what a plan has done tells how much was written, and so how alike old and new values are",
	}
	d := postgres.decision with input as s.by(s.reader, {"measures": [measure]}) with data.rules.postgres.measures as {}
	some f in d.findings.deny
	f.msg == msg
}

test_a_counter_that_is_refused_says_what_to_do_instead[hint] if {
	some what, hint in {
		"counter": "Name other columns, or ask for your group among the readers of measures on this target.",
		"plan": "Say EXPLAIN (COSTS OFF) without ANALYZE, MEMORY, BUFFERS, explain a statement that names no labelled column, or ask for your group among the readers of measures on this target.",
	}
	d := postgres.decision with input as s.by(s.dba, {"measures": [object.union(counter, {"what": what})]}) with data.rules.postgres.measures as {}
	some f in d.findings.deny
	f.hint == hint
}

test_policy_data_lets_a_group_read_them if {
	d := postgres.decision with input as s.by(s.dba, {"measures": [counter]}) with data.rules.postgres.measures as granted
	d.effect == "allow"
}

test_on_that_target_and_to_that_group_only if {
	elsewhere := {"clinic": {"readers": ["dba"]}}
	on_another := postgres.decision with input as s.by(s.dba, {"measures": [counter]}) with data.rules.postgres.measures as elsewhere
	s.ids(on_another.findings.deny) == {"PG-017"}
	another := postgres.decision with input as s.by(s.reader, {"measures": [counter]}) with data.rules.postgres.measures as granted
	s.ids(another.findings.deny) == {"PG-017"}
}

test_and_lets_them_keep_none_of_it_for_others[effect] if {
	some effect in ["opaque", "program", "ddl", "update", "merge", "insert", "delete", "notify"]
	d := postgres.decision with input as s.by(s.dba, {"measures": [counter], "action": effect, "effects": [effect]})
		with data.rules.postgres.measures as granted
	some f in d.findings.deny
	f.id == "PG-017"
	f.hint == "Read it in a statement that keeps nothing: no rows written, nothing defined."
}

test_a_plan_of_a_write_keeps_nothing if {
	facts := {"measures": [{"what": "plan", "name": "work", "tells": "writing"}], "action": "update", "effects": ["update", "explain"]}
	d := postgres.decision with input as s.by(s.dba, facts) with data.rules.postgres.measures as granted
	d.effect == "allow"
}

test_and_opens_nothing_else if {
	facts := {"measures": [counter], "analysis": {"complete": false, "reasons": ["pg_catalog.pg_stat_activity holds statements of others"]}}
	d := postgres.decision with input as s.by(s.dba, facts) with data.rules.postgres.measures as granted
	s.ids(d.findings.deny) == {"PG-001"}
	f := {"schema": "pg_catalog", "name": "f", "categories": ["counter", "statistics"]}
	called := postgres.decision with input as s.by(s.dba, {"functions": [f], "measures": [counter]}) with data.rules.postgres.measures as granted
	s.ids(called.findings.deny) == {"PG-013"}
}

test_counters_are_read_where_nothing_is_masked if {
	d := postgres.decision with input as s.by(s.unmasked_dba, {"measures": [counter]}) with data.labels as {}
	d.effect == "allow"
	unlabelled := postgres.decision with input as object.union(s.by(s.reader, {"measures": [counter]}), {"target": {"name": "unlabelled"}})
	unlabelled.effect == "allow"
}

test_what_was_not_understood_does_not_run_for_an_agent_anywhere if {
	d := postgres.decision with input as object.union(s.by(s.agent, incomplete), {"target": {"name": "unlabelled"}})
	d.effect == "deny"
}

test_what_was_not_understood_runs_where_nothing_is_masked if {
	d := postgres.decision with input as object.union(s.by(s.reader, incomplete), {"target": {"name": "unlabelled"}})
	d.effect == "allow"
}

test_opaque_actions_do_not_run_under_masks if {
	d := postgres.decision with input as s.by(s.dba, {"kind": "do", "action": "opaque", "effects": ["opaque"]})
	s.ids(d.findings.deny) == {"PG-013"}
}

test_opaque_functions_do_not_run_under_masks[category] if {
	some category in ["dynamic_sql", "large_object", "statistics", "unknown"]
	f := {"schema": "public", "name": "f", "categories": [category]}
	d := postgres.decision with input as s.by(s.reader, {"functions": [f]})
	s.ids(d.findings.deny) == {"PG-013"}
}

test_a_function_that_nobody_knows_is_called_as_it_stands if {
	f := {"schema": "", "name": "daticulocale", "categories": ["unknown"]}
	d := postgres.decision with input as s.by(s.reader, {"functions": [f]})
	some finding in d.findings.deny
	finding.msg == "function daticulocale can bring out masked values (unknown)"
}

test_no_new_code_under_masks[kind] if {
	some kind in ["create_function", "create_trig", "rule", "create_cast"]
	d := postgres.decision with input as s.by(s.dba, {"kind": kind, "action": "ddl", "effects": ["ddl"]})
	s.ids(d.findings.deny) == {"PG-014"}
}

test_labelled_tables_keep_their_definition if {
	d := postgres.decision with input as s.by(s.dba, {"kind": "alter_table", "action": "ddl", "effects": ["ddl"], "labels": ["pii.ssn"]})
	s.ids(d.findings.deny) == {"PG-015"}
}

test_other_tables_change_by_approval if {
	d := postgres.decision with input as s.by(s.dba, {"kind": "alter_table", "action": "ddl", "effects": ["ddl"]})
	d.effect == "require_approval"
}
