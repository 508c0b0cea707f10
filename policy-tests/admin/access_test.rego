package policy_tests.admin_test

import data.sallyport.admin

calling(who, action, owner) := {
	"v": 1,
	"request_id": "r1",
	"principal": object.union({"id": "ana", "kind": "human", "groups": [], "acts_for": []}, who),
	"command": {"protocol": "admin", "action": action, "resource": {"kind": "x", "id": "1", "owner": owner}},
}

actions := {
	"approvals.list", "approvals.show", "approvals.decide", "sessions.list", "sessions.show", "sessions.replay", "sessions.watch", "sessions.kill",
	"audit.query", "audit.verify", "policy.status", "policy.shadow", "ssh.keys.register", "ssh.keys.forget",
	"ssh.codes.issue", "targets.list",
}

# METADATA
# description: What members of each group may do with what is somebody else's.
may := {
	"approvers": {"approvals.list", "approvals.show", "approvals.decide", "policy.status", "policy.shadow", "sessions.list", "sessions.show", "sessions.kill"},
	"dba": {
		"approvals.list", "approvals.show", "approvals.decide", "policy.status", "policy.shadow", "sessions.list", "sessions.show", "sessions.kill",
		"targets.list",
	},
	"operators": {"approvals.list", "approvals.show", "approvals.decide", "ssh.keys.forget", "sessions.list", "sessions.show", "sessions.kill", "targets.list"},
	"auditors": {
		"sessions.list", "sessions.show", "sessions.replay", "sessions.watch", "audit.query", "audit.verify",
		"approvals.list", "approvals.show", "policy.status", "policy.shadow", "targets.list",
	},
	"readers": set(),
	"developers": set(),
}

test_no_input_is_no_decision if not admin.decision with input as null

test_groups_may_do_these[note] if {
	some group, allowed in may
	some action in actions
	note := $"{group} {action}"
	d := admin.decision with input as calling({"groups": [group]}, action, "bob")
	d.effect == {true: "allow", false: "deny"}[action in allowed]
}

test_everyone_registers_a_key_of_their_own_and_takes_it_back[action] if {
	some action in ["ssh.keys.register", "ssh.keys.forget", "ssh.codes.issue"]
	d := admin.decision with input as calling({"groups": []}, action, "ana")
	d.effect == "allow"
}

test_everyone_sees_the_targets_that_admit_them if {
	d := admin.decision with input as calling({"groups": []}, "targets.list", "ana")
	d.effect == "allow"
}

test_no_agent_sees_all_targets[group] if {
	some group in ["operators", "dba", "auditors"]
	d := admin.decision with input as calling({"kind": "agent", "groups": [group]}, "targets.list", "")
	d.effect == "deny"
}

test_nobody_decides_their_own[group] if {
	some group in ["approvers", "dba", "operators"]
	d := admin.decision with input as calling({"groups": [group]}, "approvals.decide", "ana")
	d.effect == "deny"
	{f.id | some f in d.findings.deny} == {"AD-001"}
}

test_nobody_decides_what_was_asked_for_them if {
	d := admin.decision with input as calling({"id": "bot", "groups": ["approvers"], "acts_for": ["ana"]}, "approvals.decide", "ana")
	d.effect == "deny"
}

test_agents_approve_nothing if {
	d := admin.decision with input as calling({"kind": "agent", "groups": ["approvers"]}, "approvals.decide", "bob")
	d.effect == "deny"
	{f.id | some f in d.findings.deny} == {"AD-002"}
}

test_everyone_ends_their_own_session if {
	d := admin.decision with input as calling({}, "sessions.kill", "ana")
	d.effect == "allow"
}

test_agents_end_no_session_of_others if {
	d := admin.decision with input as calling({"kind": "agent", "groups": ["operators"]}, "sessions.kill", "bob")
	d.effect == "deny"
}

test_everyone_sees_their_own if {
	d := admin.decision with input as calling({}, "approvals.show", "ana")
	d.effect == "allow"
	replay := admin.decision with input as calling({}, "sessions.replay", "ana")
	replay.effect == "deny"
	nameless := admin.decision with input as calling({"id": ""}, "approvals.show", "")
	nameless.effect == "deny"
}
