# METADATA
# title: Rules for SSH
# description: |
#   Who runs what on hosts, and works on their files. Forwards and subsystems are in no rule, so they are refused until one of your own allows them.
# schemas:
#   - input: schema.ssh
package rules.ssh

# METADATA
# title: Those who read run programs that only read
# description: The lists are data.rules.ssh.programs.reading and reading_by_word.
# custom: {id: SSH-500}
allow contains {"id": "SSH-500", "msg": "may look"} if {
	input.command.request == "exec"
	input.command.kind in {"program", "builtin"}
	only_reads
	every effect in input.command.effects { effect in {"run", "set", "read"} }
	some group in ["readers", "support", "compliance", "developers"]
	group in input.principal.groups
}

# METADATA
# title: Words that run nothing
# description: Variables, and the shell's own constructs; what they hold is judged as commands of its own.
# custom: {id: SSH-501}
allow contains {"id": "SSH-501", "msg": "runs nothing by itself"} if {
	input.command.request == "exec"
	input.command.kind in {"assignment", "construct", "redirect"}
	every effect in input.command.effects { effect in {"set", "read"} }
	some group in ["readers", "support", "compliance", "developers"]
	group in input.principal.groups
}

# METADATA
# title: Developers run what can be known before it runs
# description: As themselves or, where SSH-100 is satisfied, as somebody else.
# custom: {id: SSH-502}
allow contains {"id": "SSH-502", "msg": "may run"} if {
	"developers" in input.principal.groups
	every effect in input.command.effects { effect in {"run", "set", "read", "write", "privilege"} }
	input.command.request == "exec"
}

# METADATA
# title: Those who read look at files and download them
# custom: {id: SSH-508}
allow contains {"id": "SSH-508", "msg": "may look at files"} if {
	input.command.request == "sftp"
	every effect in input.command.effects { effect == "read" }
	some group in ["readers", "support", "compliance", "developers"]
	group in input.principal.groups
}

# METADATA
# title: Developers move files
# custom: {id: SSH-503}
allow contains {"id": "SSH-503", "msg": "may work on files"} if {
	"developers" in input.principal.groups
	input.command.request == "sftp"
}

# METADATA
# title: Developers have shells outside production
# custom: {id: SSH-507}
allow contains {"id": "SSH-507", "msg": "may have a shell"} if {
	"developers" in input.principal.groups
	input.command.request == "shell"
	input.target.labels.env != "prod"
}

# METADATA
# title: Operators do everything on a host that no rule denies
# description: Forwards, other subsystems and the environment of a session need a rule that names them.
# custom: {id: SSH-504}
allow contains {"id": "SSH-504", "msg": "may operate"} if {
	"operators" in input.principal.groups
	input.command.request in {"exec", "shell", "sftp"}
}

# METADATA
# title: Variables that change how things look
# custom: {id: SSH-505}
allow contains {"id": "SSH-505", "msg": "only changes how things look"} if {
	input.command.request == "env"
	not "opaque" in input.command.effects
	every variable in input.command.env {
		looks(variable.name)
		not contains(variable.value, "/")
	}
	works_on_hosts
}

# METADATA
# title: Signals to what was allowed to run
# custom: {id: SSH-506}
allow contains {"id": "SSH-506", "msg": "may signal"} if {
	input.command.request == "signal"
	works_on_hosts
}

works_on_hosts if {
	some group in ["readers", "support", "compliance", "developers", "operators"]
	group in input.principal.groups
}

# METADATA
# description: Language, terminal and colours; and the version of git's protocol.
looks(name) if name in {"LANG", "LANGUAGE", "TERM", "COLORTERM", "NO_COLOR", "GIT_PROTOCOL"}

looks(name) if startswith(name, "LC_")

only_reads if input.command.name in data.rules.ssh.programs.reading

only_reads if input.command.argv[1] in data.rules.ssh.programs.reading_by_word[input.command.name]
