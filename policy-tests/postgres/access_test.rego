package policy_tests.access_test

import data.policy_tests.statements as s
import data.sallyport.postgres

writes := {"insert", "update", "delete", "merge"}

test_no_input_is_no_decision if not postgres.decision with input as null

test_no_group_is_denied if {
	d := postgres.decision with input as s.by({"groups": []}, {})
	d.effect == "deny"
	count(d.findings.deny) == 0
}

test_those_who_read[group] if {
	some group in ["readers", "support", "compliance", "developers", "dba"]
	d := postgres.decision with input as s.by({"groups": [group]}, {})
	d.effect == "allow"
	d.request_id == "r1"
}

test_a_reader_does_not_write[effect] if {
	some effect in ["insert", "update", "delete", "merge", "truncate", "ddl", "grant", "lock", "notify", "maintenance", "program", "opaque"]
	d := postgres.decision with input as s.by(s.reader, {"action": effect, "effects": [effect, "read"]})
	d.effect == "deny"
}

# A write below a weaker outer keyword: the weaker effects are allowed, and that is not enough.
test_every_effect_has_to_be_allowed if {
	d := postgres.decision with input as s.by(s.reader, {"action": "read", "effects": ["read", "delete"]})
	d.effect == "deny"
}

test_support_writes_rows[effect] if {
	some effect in writes
	d := postgres.decision with input as s.by(s.support, {"action": effect, "effects": [effect]})
	d.effect == "allow"
}

test_support_changes_no_schema if {
	d := postgres.decision with input as s.by(s.support, {"action": "ddl", "effects": ["ddl"]})
	d.effect == "deny"
}

test_an_agents_write_in_production_is_held[effect] if {
	some effect in writes
	d := postgres.decision with input as s.by(s.agent, {"action": effect, "effects": [effect]})
	d.effect == "require_approval"
	d.approval.rules == {"PG-101"}
	d.approval.groups == {"approvers", "dba"}
}

test_an_approved_write_runs if {
	i := s.by(s.agent, {"action": "update", "effects": ["update"]})
	d := postgres.decision with input as s.approved(i, ["PG-101"])
	d.effect == "allow"
	d.approval == null
}

test_an_approval_of_another_rule_does_not_count if {
	i := s.by(s.agent, {"action": "update", "effects": ["update"]})
	d := postgres.decision with input as s.approved(i, ["PG-100"])
	d.effect == "require_approval"
}

test_an_approval_lifts_no_deny if {
	i := s.by(s.agent, {"action": "delete", "effects": ["delete"], "unfiltered": true, "relations": [s.customers("write")]})
	d := postgres.decision with input as s.approved(i, ["PG-101"])
	d.effect == "deny"
}

test_an_agents_write_elsewhere_runs if {
	d := postgres.decision with input as s.in_staging(s.by(s.agent, {"action": "update", "effects": ["update"]}))
	d.effect == "allow"
}

test_agents_read_at_most_1000_rows if {
	d := postgres.decision with input as s.by(s.agent, {})
	d.effect == "allow"
	d.limits == {"rows": 1000}
}

test_people_have_no_limit if {
	d := postgres.decision with input as s.by(s.reader, {})
	d.limits == {}
}

test_schema_changes_in_production_need_a_dba[kind] if {
	some kind, effect in {"alter_table": "ddl", "truncate": "truncate", "grant": "grant"}
	d := postgres.decision with input as s.by(s.dba, {"kind": kind, "action": effect, "effects": [effect]})
	d.effect == "require_approval"
	d.approval.rules == {"PG-100"}
	d.approval.groups == {"dba"}
	s.ids(d.findings.notify) == {"PG-400"}
}

# PG-100 and PG-102 together: only dba may give both.
test_several_approvals_leave_the_groups_that_may_give_all if {
	d := postgres.decision with input as s.by(s.developer, {"action": "ddl", "effects": ["ddl", "insert"]})
	d.effect == "require_approval"
	d.approval.rules == {"PG-100", "PG-102"}
	d.approval.groups == {"dba"}
	d.approval.ttl_s == 900
}

test_developers_work_freely_outside_production[effect] if {
	some effect in (writes | {"ddl", "truncate", "maintenance"})
	d := postgres.decision with input as s.in_staging(s.by(s.developer, {"action": effect, "effects": [effect]}))
	d.effect == "allow"
}
