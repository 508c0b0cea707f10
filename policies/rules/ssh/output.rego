package rules.ssh

# METADATA
# title: Agents see no keys in what commands print and files hold
# description: |
#   Access tokens and private keys are looked for by their form, and hidden by stars. Transfers of rsync and git are left as they are:
#   they check what they receive, and would be broken.
# custom: {id: SSH-200}
mask contains {
	"id": "SSH-200",
	"msg": "keys are hidden in what an agent prints and downloads",
	"label": "detector:token",
	"method": "redact",
} if {
	agent_receives
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

# METADATA
# title: What an agent downloads comes to an end
# description: After 100 MB in one session, over all files that it reads by sftp.
# custom: {id: SSH-301}
limit contains {
	"id": "SSH-301",
	"msg": "an agent downloads 100 MB in a session at most",
	"bytes": 100000000,
} if {
	agent_downloads
}

agent_prints if {
	input.principal.kind == "agent"
	input.command.request == "exec"
	input.command.transfer == null
}

# METADATA
# description: By sftp, which is also the scp of today. What is written as well stays as it is.
agent_downloads if {
	input.principal.kind == "agent"
	input.command.request == "sftp"
	input.command.file.flags == ["read"]
}

agent_receives if agent_prints

agent_receives if agent_downloads

# METADATA
# description: By the scp of before.
agent_receives if {
	input.principal.kind == "agent"
	input.command.transfer.tool == "scp"
	input.command.transfer.direction == "out"
}
