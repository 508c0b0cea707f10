package rules.ssh

# METADATA
# title: Agents see no keys in what commands print
# description: |
#   Access tokens and private keys are looked for by their form, and leave as ***. Transfers of rsync, git and scp are left as they are:
#   what is not a text would be broken.
# custom: {id: SSH-200}
mask contains {
	"id": "SSH-200",
	"msg": "keys are hidden in what an agent's commands print",
	"label": "detector:token",
	"method": "redact",
} if {
	agent_prints
}

# METADATA
# title: What an agent starts comes to an end
# description: After an hour, or 100 MB of output.
# custom: {id: SSH-300}
limit contains {
	"id": "SSH-300",
	"msg": "an agent's command prints 100 MB and runs an hour at most",
	"bytes": 100000000,
	"seconds": 3600,
} if {
	agent_prints
}

agent_prints if {
	input.principal.kind == "agent"
	input.command.request == "exec"
	input.command.transfer == null
}
