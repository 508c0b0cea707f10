package policy_tests.denials_test

import data.policy_tests.statements as s
import data.sallyport.postgres

test_a_write_on_every_row_is_denied[who] if {
	some who in [s.support, s.agent, s.developer, s.dba, s.unmasked_dba]
	some action in ["update", "delete", "merge"]
	d := postgres.decision with input as s.by(who, {
		"action": action,
		"effects": [action],
		"unfiltered": true,
		"relations": [s.customers("write")],
	})
	d.effect == "deny"
	d.findings.deny == {{
		"id": "PG-002",
		"msg": $"{action} on every row of public.customers",
		"hint": "Add a WHERE clause.",
		"severity": "critical",
		"controls": ["SOC2:CC8.1"],
	}}
}

# Liquibase and Knex write their lock so, whoever runs them. Beside it, the rows of other tables still count.
test_tools_keep_their_books[name] if {
	some name in data.rules.postgres.books.tables
	lock := {"schema": "public", "name": name, "kind": "table", "access": "write", "columns": [], "labels": []}
	command := {"kind": "delete", "action": "delete", "effects": ["delete"], "unfiltered": true, "relations": [lock]}
	d := postgres.decision with input as s.by(s.unmasked_dba, command)
	d.effect == "allow"
	both := postgres.decision with input as s.by(s.unmasked_dba, object.union(command, {"relations": [lock, s.customers("write")]}))
	s.ids(both.findings.deny) == {"PG-002"}
}

# The outer statement is a SELECT and its strongest effect something else: the write still counts.
test_a_write_on_every_row_is_denied_wherever_it_stands if {
	d := postgres.decision with input as s.by(s.unmasked_dba, {
		"kind": "select",
		"action": "opaque",
		"effects": ["opaque", "delete", "read"],
		"unfiltered": true,
		"relations": [s.customers("write")],
	})
	some f in d.findings.deny
	f.msg == "delete on every row of public.customers"
}

test_nothing_reaches_out_of_the_database[category] if {
	some category in ["file", "network", "program"]
	f := {"schema": "pg_catalog", "name": "f", "categories": ["volatile", category]}
	d := postgres.decision with input as s.by(s.unmasked_dba, {"functions": [f]})
	s.ids(d.findings.deny) == {"PG-003"}
}

test_copy_stays_on_the_connection[to] if {
	some to in ["file", "program"]
	d := postgres.decision with input as s.by(s.unmasked_dba, {"kind": "copy", "copy": {"direction": "out", "to": to}})
	s.ids(d.findings.deny) == {"PG-004"}
}

test_programs_are_denied_by_effect if {
	d := postgres.decision with input as s.by(s.unmasked_dba, {"kind": "load", "action": "program", "effects": ["program"]})
	s.ids(d.findings.deny) == {"PG-004", "PG-005"}
}

test_no_way_past_the_gateway[kind] if {
	some kind in ["create_subscription", "create_extension", "create_foreign_server", "import_foreign_schema", "alter_system"]
	d := postgres.decision with input as s.by(s.unmasked_dba, {"kind": kind, "action": "ddl", "effects": ["ddl"]})
	s.ids(d.findings.deny) == {"PG-005"}
}

test_replication_functions_are_denied[name] if {
	some name in ["pg_create_logical_replication_slot", "pg_logical_emit_message", "pg_replication_slot_advance"]
	f := {"schema": "pg_catalog", "name": name, "categories": ["admin"]}
	d := postgres.decision with input as s.by(s.unmasked_dba, {"functions": [f]})
	s.ids(d.findings.deny) == {"PG-005"}
}

test_administration_is_for_administrators if {
	f := {"schema": "pg_catalog", "name": "pg_terminate_backend", "categories": ["admin"]}
	d := postgres.decision with input as s.by(s.reader, {"functions": [f]})
	s.ids(d.findings.deny) == {"PG-006"}
	own := postgres.decision with input as s.by(s.unmasked_dba, {"functions": [f]})
	own.effect == "allow"
}

settings := [
	{"id": "PG-020", "set": {"name": "standard_conforming_strings", "value": "off"}},
	{"id": "PG-020", "set": {"name": "client_encoding", "value": "SQL_ASCII"}},
	{"id": "PG-020", "set": {"name": "client_encoding", "value": "'BIG5'"}},
	{"id": "PG-020", "set": {"name": "backslash_quote", "value": "on"}},
	{"id": "PG-021", "set": {"name": "role", "value": "postgres"}},
	{"id": "PG-021", "set": {"name": "role", "value": null}},
	{"id": "PG-021", "set": {"name": "session_authorization", "value": "postgres"}},
	{"id": "PG-021", "set": {"name": "session_preload_libraries", "value": "x"}},
	{"id": "PG-021", "set": {"name": "local_preload_libraries", "value": "x"}},
	{"id": "PG-021", "set": {"name": "session_replication_role", "value": "replica"}},
	{"id": "PG-022", "set": {"name": "*", "value": "off"}},
]

test_settings_that_stay[note] if {
	some i, c in settings
	note := $"{i} {c.set.name}"
	d := postgres.decision with input as s.by(s.unmasked_dba, {"kind": "variable_set", "action": "set", "effects": ["set"], "set": [c.set]})
	s.ids(d.findings.deny) == {c.id}
}

harmless := [
	{"name": "standard_conforming_strings", "value": "on"},
	{"name": "client_encoding", "value": "UTF8"},
	{"name": "client_encoding", "value": "'utf-8'"},
	{"name": "client_encoding", "value": null},
	{"name": "statement_timeout", "value": "10s"},
	{"name": "timezone", "value": "UTC"},
	{"name": "*", "value": null},
]

test_settings_that_may_change[note] if {
	some i, setting in harmless
	note := $"{i} {setting.name}"
	d := postgres.decision with input as s.by(s.reader, {"kind": "variable_set", "action": "set", "effects": ["set"], "set": [setting]})
	d.effect == "allow"
}

test_the_role_that_it_is_may_be_set if {
	change := {"kind": "variable_set", "action": "set", "effects": ["set"], "set": [{"name": "role", "value": "owner", "same": true}]}
	d := postgres.decision with input as s.by(s.reader, change)
	d.effect == "allow"
}

test_a_value_that_is_computed_is_none_to_go_back_to if {
	f := {"schema": "pg_catalog", "name": "set_config", "categories": ["set_config"]}
	change := {"action": "set", "effects": ["set"], "functions": [f], "set": [{"name": "backslash_quote", "value": null}]}
	d := postgres.decision with input as s.by(s.unmasked_dba, object.union({"kind": "select"}, change))
	s.ids(d.findings.deny) == {"PG-020"}
}

test_set_config_that_was_not_seen_is_denied if {
	f := {"schema": "pg_catalog", "name": "set_config", "categories": ["set_config"]}
	d := postgres.decision with input as s.by(s.unmasked_dba, {"action": "set", "effects": ["set"], "functions": [f]})
	s.ids(d.findings.deny) == {"PG-022"}
}

path_change := {"kind": "variable_set", "action": "set", "effects": ["set"], "set": [{"name": "search_path", "value": "x"}]}

set_config := {"schema": "pg_catalog", "name": "set_config", "categories": ["set_config"]}

test_search_path_changes_under_masks_by_itself if {
	d := postgres.decision with input as s.by(s.reader, path_change)
	d.effect == "allow"
	call := object.union(path_change, {"kind": "select", "functions": [set_config]})
	by_call := postgres.decision with input as s.by(s.reader, call)
	by_call.effect == "allow"
}

with_more := [
	{"kind": "alter_role_set"},
	{"kind": "insert", "functions": [set_config]},
	{"kind": "select", "functions": [set_config, {"schema": "public", "name": "f", "categories": ["pure"]}]},
	{"kind": "select", "functions": [set_config], "relations": [{"schema": "public", "name": "t", "kind": "table", "access": "read", "columns": [], "labels": []}]},
]

test_search_path_does_not_change_under_masks_with_more[note] if {
	some i, more in with_more
	note := $"{i} {more.kind}"
	d := postgres.decision with input as s.by(s.reader, object.union(path_change, more))
	"PG-023" in s.ids(d.findings.deny)
	elsewhere := postgres.decision with input as object.union(s.by(s.reader, object.union(path_change, more)), {"target": {"name": "unlabelled"}})
	not "PG-023" in s.ids(elsewhere.findings.deny)
}
