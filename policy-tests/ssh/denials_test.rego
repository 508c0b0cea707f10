package policy_tests.ssh_denials_test

import data.policy_tests.requests as r
import data.sallyport.ssh

unparsed := {
	"parse_error": "unterminated quote", "kind": "unknown", "name": null, "argv": [], "action": "opaque", "effects": ["opaque"],
	"dynamic": [{"where": "command", "why": "unparsed", "text": "echo 'a"}],
}

test_a_line_that_does_not_parse_runs_for_operators_only if {
	d := ssh.decision with input as r.by(r.developer, unparsed)
	d.effect == "deny"
	"SSH-001" in r.ids(d.findings.deny)
	operators := ssh.decision with input as r.by(r.operator, unparsed)
	operators.effect == "allow"
}

test_agents_run_what_can_be_known[why] if {
	some why in ["variable", "stdin", "eval", "environment"]
	who := object.union(r.agent, {"groups": ["operators"]})
	d := ssh.decision with input as r.in_staging(r.by(who, r.dynamic("command", why)))
	d.effect == "deny"
	r.ids(d.findings.deny) == {"SSH-002"}
	person := ssh.decision with input as r.by(r.operator, r.dynamic("command", why))
	person.effect == "allow"
}

test_agents_write_to_files_that_can_be_known if {
	d := ssh.decision with input as r.in_staging(r.by(r.agent, r.dynamic("redirect", "variable")))
	r.ids(d.findings.deny) == {"SSH-003"}
}

test_agents_only_run_commands_and_work_on_files[request] if {
	some request, effect in {"shell": "shell", "subsystem": "subsystem", "forward": "forward"}
	who := object.union(r.agent, {"groups": ["operators"]})
	more := {"forward": {"kind": "local", "host": "db", "port": 5432, "path": null}, "subsystem": "netconf"}
	d := ssh.decision with input as r.in_staging(r.by(who, r.request(request, effect, more)))
	d.effect == "deny"
	"SSH-004" in r.ids(d.findings.deny)
}

test_shells_are_seen if {
	d := ssh.decision with input as r.by(r.operator, r.request("shell", "shell", {"pty": false}))
	r.ids(d.findings.deny) == {"SSH-011"}
	seen := ssh.decision with input as r.by(r.operator, r.request("shell", "shell", {"pty": true}))
	seen.effect == "allow"
	exec := ssh.decision with input as r.by(r.operator, {"pty": false})
	exec.effect == "allow"
}

test_agents_have_no_terminal if {
	d := ssh.decision with input as r.by(r.agent, {"pty": true})
	r.ids(d.findings.deny) == {"SSH-005"}
	person := ssh.decision with input as r.by(r.developer, {"pty": true})
	person.effect == "allow"
}

test_variables_that_decide_what_runs_are_not_set[name] if {
	some name in ["LD_PRELOAD", "LANG"]
	decisive := {"action": "opaque", "effects": ["opaque", "set"], "dynamic": [{"where": "command", "why": "environment", "text": name}]}
	d := ssh.decision with input as r.by(r.operator, object.union(variable(name, "x"), decisive))
	d.effect == "deny"
	r.ids(d.findings.deny) == {"SSH-006"}
}

test_variables_that_change_how_things_look_are_set[name] if {
	some name in ["LANG", "LC_ALL", "TERM", "GIT_PROTOCOL"]
	d := ssh.decision with input as r.by(r.reader, variable(name, "C.UTF-8"))
	d.effect == "allow"
}

test_other_variables_need_a_rule[name] if {
	some name, value in {"FOO": "x", "LANG": "../../tmp/x"}
	d := ssh.decision with input as r.by(r.operator, variable(name, value))
	d.effect == "deny"
}

test_the_shell_opens_no_connection[path] if {
	some path in ["/dev/tcp/192.0.2.1/80", "/dev/udp/192.0.2.1/53"]
	d := ssh.decision with input as r.by(r.operator, {"redirects": [{"fd": 3, "operation": "read_write", "path": path}]})
	d.effect == "deny"
	r.ids(d.findings.deny) == {"SSH-007"}
}

test_what_a_login_runs_is_changed_by_operators[path] if {
	some path in ["/home/ana/.bashrc", "/home/ana/.ssh/authorized_keys"]
	every effect in ["write", "remove"] {
		d := ssh.decision with input as r.by(r.developer, r.file(effect, path))
		d.effect == "deny"
		r.ids(d.findings.deny) == {"SSH-008"}
		operators := ssh.decision with input as r.by(r.operator, r.file(effect, path))
		operators.effect == "allow"
	}
}

test_a_redirect_to_such_a_file_is_one if {
	d := ssh.decision with input as r.by(r.developer, {"redirects": [{"fd": 1, "operation": "append", "path": "/home/ana/.profile"}]})
	r.ids(d.findings.deny) == {"SSH-008"}
}

test_reading_such_a_file_is_none if {
	d := ssh.decision with input as r.by(r.developer, r.file("read", "/home/ana/.bashrc"))
	d.effect == "allow"
}

test_a_directory_of_such_files_is_not_replaced[operation] if {
	some operation in ["rename", "symlink"]
	moved := {"file": object.union(r.file("write", "/srv/keys").file, {"operation": operation, "target_path": "/home/ana/.ssh"})}
	command := object.union(r.file("write", "/srv/keys"), moved)
	d := ssh.decision with input as r.by(r.developer, command)
	d.effect == "deny"
	r.ids(d.findings.deny) == {"SSH-008"}
	made := ssh.decision with input as r.by(r.developer, r.file("write", "/home/ana/.ssh"))
	made.effect == "allow"
	operators := ssh.decision with input as r.by(r.operator, command)
	operators.effect == "allow"
}

test_no_file_gets_the_rights_of_its_owner[mode] if {
	some mode in ["2755", "4755", "6755", "7777"]
	command := with_mode("setstat", mode)
	d := ssh.decision with input as r.by(r.developer, command)
	d.effect == "deny"
	r.ids(d.findings.deny) == {"SSH-009"}
	operators := ssh.decision with input as r.by(r.operator, command)
	operators.effect == "allow"
	directory := ssh.decision with input as r.by(r.developer, with_mode("mkdir", mode))
	directory.effect == "allow"
}

test_other_modes_are_set[mode] if {
	some mode in ["0000", "0755", "1777"]
	d := ssh.decision with input as r.by(r.developer, with_mode("setstat", mode))
	d.effect == "allow"
}

with_mode(operation, mode) := object.union(
	r.file("write", "/srv/tool"),
	{"file": object.union(r.file("write", "/srv/tool").file, {"operation": operation, "mode": mode, "attributes": ["mode"]})},
)

variable(name, value) := r.request("env", "set", {"env": [{"name": name, "value": value}]})
