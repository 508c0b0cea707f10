package rules.ssh

# METADATA
# title: A line that does not parse runs for nobody but operators
# custom: {id: SSH-001}
deny contains {
	"id": "SSH-001",
	"msg": $"not a line of shell: {input.command.parse_error}",
	"hint": "Check quotes and brackets.",
	"severity": "medium",
} if {
	input.command.parse_error != null
	not "operators" in input.principal.groups
}

# METADATA
# title: Agents run what can be known before it runs
# custom: {id: SSH-002}
deny contains {
	"id": "SSH-002",
	"msg": $"what {dynamic.text} runs cannot be known before it runs ({dynamic.why})",
	"hint": "Write the program and its arguments as they are.",
	"severity": "high",
	"controls": ["SOC2:CC6.1"],
} if {
	input.principal.kind == "agent"
	some dynamic in input.command.dynamic
	dynamic.where == "command"
}

# METADATA
# title: Agents and those who only look name the files of redirects
# description: What is not known may be /dev/tcp/HOST/PORT, which is a connection to bash.
# custom: {id: SSH-003}
deny contains {
	"id": "SSH-003",
	"msg": $"which file {dynamic.text} is cannot be known before it runs ({dynamic.why})",
	"hint": "Write the path as it is.",
	"severity": "high",
} if {
	is_bound_to_paths
	some dynamic in input.command.dynamic
	dynamic.where == "redirect"
}

# METADATA
# title: Agents run commands and work on files, and nothing else
# description: What is typed into a shell or goes through a forward cannot be judged before it runs.
# custom: {id: SSH-004}
deny contains {
	"id": "SSH-004",
	"msg": $"agents run commands and work on files over SSH: no {what}",
	"hint": "Send the command itself: ssh HOST COMMAND.",
	"severity": "high",
} if {
	input.principal.kind == "agent"
	not input.command.request in {"exec", "sftp", "env", "signal"}
	what := asked_for
}

# METADATA
# title: Agents have no terminal
# custom: {id: SSH-005}
deny contains {
	"id": "SSH-005",
	"msg": "a terminal lets programs ask for more commands",
	"hint": "Run it without -t.",
	"severity": "medium",
} if {
	input.principal.kind == "agent"
	input.command.pty
}

# METADATA
# title: No variables that decide what runs
# custom: {id: SSH-006}
deny contains {
	"id": "SSH-006",
	"msg": $"variable {dynamic.text} decides what code programs run",
	"hint": "Do not send it.",
	"severity": "high",
} if {
	input.command.request == "env"
	some dynamic in input.command.dynamic
	dynamic.why == "environment"
}

# METADATA
# title: No connections by way of the shell
# description: Bash opens a connection where a redirect names one of these.
# custom: {id: SSH-007}
deny contains {
	"id": "SSH-007",
	"msg": $"{redirect.path} is a connection past this gateway",
	"hint": "Ask an operator.",
	"severity": "high",
	"controls": ["SOC2:CC6.6"],
} if {
	some redirect in input.command.redirects
	some prefix in ["/dev/tcp/", "/dev/udp/"]
	startswith(redirect.path, prefix)
}

# METADATA
# title: What a login runs is changed by operators
# description: Who may write these files decides what runs at the next login, and who may log in.
# custom: {id: SSH-008}
deny contains {
	"id": "SSH-008",
	"msg": $"{path} decides who logs in or what a login runs",
	"hint": "Ask an operator.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	some path in written
	some suffix in data.rules.ssh.programs.startup_files
	endswith(path, suffix)
	not "operators" in input.principal.groups
}

# METADATA
# title: Directories of such files are not put in place by others
# description: Who moves a directory or a link to where these files are looked for has put all of them there.
# custom: {id: SSH-008}
deny contains {
	"id": "SSH-008",
	"msg": $"{path} holds files that decide who logs in or what a login runs",
	"hint": "Ask an operator.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	input.command.file.operation in {"rename", "symlink"}
	some path in written
	some suffix in data.rules.ssh.programs.startup_directories
	endswith(path, suffix)
	not "operators" in input.principal.groups
}

# METADATA
# title: No file gets the rights of its owner
# description: Who runs a program with these bits set has its owner's or its group's rights. Directories are made with the group's as a matter of course.
# custom: {id: SSH-009}
deny contains {
	"id": "SSH-009",
	"msg": $"mode {input.command.file.mode} of {input.command.file.path} gives who runs it the rights of its owner or group",
	"hint": "Leave the first digit of the mode 0.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	substring(input.command.file.mode, 0, 1) in {"2", "3", "4", "5", "6", "7"}
	input.command.file.operation != "mkdir"
	not "operators" in input.principal.groups
}

# METADATA
# title: Shells are seen
# description: Without a terminal nothing shows what a shell is told, and the recording would not have it.
# custom: {id: SSH-011}
deny contains {
	"id": "SSH-011",
	"msg": "a shell without a terminal leaves no record of what it is told",
	"hint": "Send the command itself: ssh HOST COMMAND; or ask for a terminal: ssh -tt HOST.",
	"severity": "medium",
} if {
	input.command.request == "shell"
	not input.command.pty
}

is_bound_to_paths if input.principal.kind == "agent"

is_bound_to_paths if {
	every group in ["developers", "operators"] { not group in input.principal.groups }
}

asked_for := $"{input.command.forward.kind} forward" if {
	input.command.request == "forward"
} else := $"subsystem {input.command.subsystem}" if {
	input.command.request == "subsystem"
} else := input.command.request

# METADATA
# description: Files that the command writes, as far as it names them itself.
written contains redirect.path if {
	some redirect in input.command.redirects
	redirect.operation in {"write", "append", "read_write"}
	redirect.path != null
}

written contains path if {
	some effect in input.command.effects
	effect in {"write", "remove"}
	file := input.command.file
	some path in [file.path, file.target_path, file.asked_path, file.asked_target_path]
	path != null
}
