package policy_tests.ssh_access_test

import data.policy_tests.requests as r
import data.sallyport.ssh

test_no_input_is_no_decision if not ssh.decision with input as null

test_no_group_is_denied if {
	d := ssh.decision with input as r.by({"groups": []}, {})
	d.effect == "deny"
	count(d.findings.deny) == 0
}

test_those_who_read_look[group] if {
	some group in ["readers", "support", "compliance", "developers", "operators"]
	d := ssh.decision with input as r.by({"groups": [group]}, {})
	d.effect == "allow"
	d.request_id == "r1"
}

test_a_reader_runs_what_reads[name] if {
	some name in ["rm", "tar", "xxd", "./ls", "/tmp/ls", "sudo", "bash", null]
	d := ssh.decision with input as r.by(r.reader, {"name": name})
	d.effect == "deny"
}

test_a_readers_words_may_be_unknown_where_they_are_no_code if {
	d := ssh.decision with input as r.by(r.reader, r.dynamic("argument", "glob"))
	d.effect == "allow"
}

test_a_reader_does_no_more[effect] if {
	some effect in ["opaque", "privilege", "elsewhere", "write"]
	d := ssh.decision with input as r.by(r.reader, {"action": effect, "effects": [effect, "run"]})
	d.effect == "deny"
}

test_variables_run_nothing if {
	d := ssh.decision with input as r.by(r.reader, {"kind": "assignment", "name": "", "argv": [], "action": "set", "effects": ["set"]})
	d.effect == "allow"
	r.ids(d.findings.allow) == {"SSH-501"}
}

test_a_file_that_is_opened_for_writing_is_a_write if {
	d := ssh.decision with input as r.by(r.reader, {"kind": "redirect", "name": "", "argv": [], "action": "write", "effects": ["write"]})
	d.effect == "deny"
}

test_a_reader_looks_at_files if {
	d := ssh.decision with input as r.by(r.reader, r.file("read", "/srv/report"))
	d.effect == "allow"
	r.ids(d.findings.allow) == {"SSH-508"}
	nobody := ssh.decision with input as r.by({}, r.file("read", "/srv/report"))
	nobody.effect == "deny"
}

test_a_reader_changes_no_files[effect] if {
	some effect in ["write", "remove"]
	d := ssh.decision with input as r.by(r.reader, r.file(effect, "/srv/report"))
	d.effect == "deny"
	both := object.union(r.file(effect, "/srv/report"), {"effects": [effect, "read"]})
	more := ssh.decision with input as r.by(r.reader, both)
	more.effect == "deny"
}

test_a_reader_has_nothing_else[request] if {
	some request, effect in {"shell": "shell", "subsystem": "subsystem", "forward": "forward"}
	d := ssh.decision with input as r.by(r.reader, r.request(request, effect, {}))
	d.effect == "deny"
}

test_developers_run_programs if {
	d := ssh.decision with input as r.by(r.developer, r.program("rm", ["rm", "-r", "build"]))
	d.effect == "allow"
}

test_developers_do_not_run_what_cannot_be_known if {
	d := ssh.decision with input as r.by(r.developer, {"name": null, "kind": "unknown", "action": "opaque", "effects": ["opaque"]})
	d.effect == "deny"
}

test_other_rights_in_production_are_approved_by_operators if {
	i := r.by(r.developer, {"name": "sudo", "action": "privilege", "effects": ["privilege", "run"]})
	d := ssh.decision with input as i
	d.effect == "require_approval"
	d.approval.rules == {"SSH-100"}
	d.approval.groups == {"operators"}
	r.ids(d.findings.notify) == {"SSH-400"}
	after := ssh.decision with input as r.approved(i, ["SSH-100"])
	after.effect == "allow"
}

test_other_rights_elsewhere_need_nobody if {
	i := r.by(r.developer, {"name": "sudo", "action": "privilege", "effects": ["privilege", "run"]})
	d := ssh.decision with input as r.in_staging(i)
	d.effect == "allow"
}

test_developers_have_shells_outside_production if {
	i := r.by(r.developer, r.request("shell", "shell", {"pty": true}))
	d := ssh.decision with input as i
	d.effect == "deny"
	outside := ssh.decision with input as r.in_staging(i)
	outside.effect == "allow"
	r.ids(outside.findings.allow) == {"SSH-507"}
}

test_developers_move_files if {
	d := ssh.decision with input as r.by(r.developer, r.file("write", "/srv/app/config.json"))
	d.effect == "allow"
	r.ids(d.findings.allow) == {"SSH-503"}
}

test_operators_do_what_no_rule_denies[effect] if {
	some effect in ["opaque", "elsewhere", "write", "remove"]
	d := ssh.decision with input as r.by(r.operator, {"action": effect, "effects": [effect], "name": null, "kind": "unknown"})
	d.effect == "allow"
}

test_nobody_forwards_unless_a_rule_says_so[kind] if {
	some kind in ["local", "remote", "agent", "x11", "tunnel"]
	f := {"forward": {"kind": kind, "host": null, "port": null, "path": null}}
	d := ssh.decision with input as r.by(r.operator, r.request("forward", "forward", f))
	d.effect == "deny"
}

test_nobody_has_other_subsystems_unless_a_rule_says_so if {
	d := ssh.decision with input as r.by(r.operator, r.request("subsystem", "subsystem", {"subsystem": "netconf"}))
	d.effect == "deny"
}

test_an_agents_changes_in_production_are_held[name] if {
	some name, effects in {"rm": ["run"], "cat": ["write", "run"], "sudo": ["privilege", "run"]}
	d := ssh.decision with input as r.by(r.agent, {"name": name, "action": effects[0], "effects": effects})
	d.effect == "require_approval"
	"SSH-101" in d.approval.rules
}

test_an_agents_programs_with_other_uses_are_held_everywhere[name] if {
	some name in ["curl", "nc", "chmod", "shred"]
	d := ssh.decision with input as r.in_staging(r.by(r.agent, {"name": name}))
	d.effect == "require_approval"
	d.approval.rules == {"SSH-102"}
	person := ssh.decision with input as r.in_staging(r.by(r.developer, {"name": name}))
	person.effect == "allow"
}

test_an_agents_look_is_not_held if {
	d := ssh.decision with input as r.by(r.agent, {})
	d.effect == "mask"
}

test_an_agents_changes_elsewhere_are_not_held if {
	d := ssh.decision with input as r.in_staging(r.by(r.agent, r.program("rm", ["rm", "x"])))
	d.effect == "mask"
}

test_signals_go_to_what_runs if {
	d := ssh.decision with input as r.by(r.reader, r.request("signal", "signal", {"signal": "INT"}))
	d.effect == "allow"
	nobody := ssh.decision with input as r.by({"groups": []}, r.request("signal", "signal", {"signal": "INT"}))
	nobody.effect == "deny"
}
