package policy_tests.admission_test

import data.sallyport.session

connecting(who, env) := {
	"v": 1,
	"request_id": "r1",
	"principal": object.union({"id": "ana", "kind": "human", "groups": [], "acts_for": []}, who),
	"target": {"name": "crm", "protocol": "postgres", "labels": {"env": env}},
	"command": {"protocol": "session", "action": "connect", "user": "ana"},
}

test_no_input_is_no_decision if not session.decision with input as null

test_strangers_stay_out if {
	d := session.decision with input as connecting({"groups": ["marketing"]}, "prod")
	d.effect == "deny"
}

test_members_connect[group] if {
	some group in ["readers", "support", "compliance", "developers", "dba"]
	d := session.decision with input as connecting({"groups": [group]}, "prod")
	d.effect == "allow"
}

test_an_agent_acts_for_somebody if {
	alone := session.decision with input as connecting({"kind": "agent", "groups": ["readers"]}, "prod")
	alone.effect == "deny"
	behalf := session.decision with input as connecting({"kind": "agent", "groups": ["readers"], "acts_for": ["bob"]}, "prod")
	behalf.effect == "allow"
	named := session.decision with input as connecting({"kind": "agent", "groups": ["readers", "agents"]}, "prod")
	named.effect == "allow"
	staging := session.decision with input as connecting({"kind": "agent", "groups": ["readers"]}, "staging")
	staging.effect == "allow"
}
