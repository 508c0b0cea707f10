package policy_tests.ssh_output_test

import data.policy_tests.requests as r
import data.sallyport.ssh

test_agents_see_no_keys if {
	d := ssh.decision with input as r.in_staging(r.by(r.agent, {}))
	d.effect == "mask"
	d.masks == {"detector:token": "redact"}
	d.limits == {"bytes": 100000000, "seconds": 3600}
}

test_people_see_what_is_printed if {
	d := ssh.decision with input as r.by(r.operator, {})
	d.effect == "allow"
	d.masks == {}
	d.limits == {}
}

test_transfers_are_left_as_they_are if {
	transfer := {"transfer": {"tool": "git", "direction": "out", "paths": ["/srv/repo"]}}
	d := ssh.decision with input as r.in_staging(r.by(r.agent, transfer))
	d.masks == {}
	d.limits == {}
}
