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

test_agents_see_no_keys_in_files if {
	d := ssh.decision with input as r.in_staging(r.by(r.agent, r.opening("read", ["read"])))
	d.effect == "mask"
	d.masks == {"detector:token": "redact"}
	d.limits == {"bytes": 100000000}
}

test_what_agents_write_has_no_masks if {
	d := ssh.decision with input as r.in_staging(r.by(r.agent, r.opening("write", ["read", "write"])))
	d.effect == "allow"
	d.masks == {}
}

test_a_listing_has_no_masks if {
	d := ssh.decision with input as r.by(r.agent, r.file("read", "/srv"))
	d.masks == {}
	d.limits == {}
}

test_people_read_files_as_they_are if {
	d := ssh.decision with input as r.by(r.operator, r.opening("read", ["read"]))
	d.effect == "allow"
	d.masks == {}
	d.limits == {}
}

test_agents_see_no_keys_in_what_scp_copies if {
	transfer := {"transfer": {"tool": "scp", "direction": "out", "paths": ["/srv/report"]}}
	d := ssh.decision with input as r.in_staging(r.by(r.agent, transfer))
	d.masks == {"detector:token": "redact"}
	d.limits == {}
	up := {"transfer": {"tool": "scp", "direction": "in", "paths": ["/srv/report"]}}
	u := ssh.decision with input as r.in_staging(r.by(r.agent, up))
	u.masks == {}
}
