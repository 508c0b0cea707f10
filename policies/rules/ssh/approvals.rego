package rules.ssh

# METADATA
# title: Commands with other rights in production are approved
# custom: {id: SSH-100}
approve contains {
	"id": "SSH-100",
	"msg": $"{input.command.name} with other rights in production",
	"groups": ["operators"],
	"quorum": 1,
	"ttl_s": 900,
	"scope": "once",
} if {
	input.target.labels.env == "prod"
	"privilege" in input.command.effects
}

# METADATA
# title: What an agent changes in production is approved by a human
# custom: {id: SSH-101}
approve contains {
	"id": "SSH-101",
	"msg": $"an agent's {input.command.action} in production",
	"groups": ["approvers", "operators"],
	"quorum": 1,
	"ttl_s": 600,
	"scope": "once",
} if {
	input.principal.kind == "agent"
	input.target.labels.env == "prod"
	changes_things
}

# METADATA
# title: An agent's programs that can do more than their purpose are approved
# description: |
#   Programs that are on most hosts and send, fetch or listen, give rights, remove traces, destroy, load code or change accounts: everywhere.
#   The list is data.rules.ssh.programs.abilities.
# custom: {id: SSH-102}
approve contains {
	"id": "SSH-102",
	"msg": $"{input.command.name} can be used for more than its purpose ({ability})",
	"groups": ["approvers", "operators"],
	"quorum": 1,
	"ttl_s": 600,
	"scope": "once",
} if {
	input.principal.kind == "agent"
	some ability in data.rules.ssh.programs.abilities[input.command.name]
}

# METADATA
# title: Commands with other rights in production are announced
# custom: {id: SSH-400}
notify contains {
	"id": "SSH-400",
	"msg": $"{input.command.name} with other rights on {input.target.name}",
	"channel": "secops",
} if {
	input.target.labels.env == "prod"
	"privilege" in input.command.effects
}

changes_things if {
	some effect in input.command.effects
	effect in {"write", "remove", "elsewhere", "privilege"}
}

# METADATA
# description: A program that is not known to read only.
changes_things if {
	input.command.request == "exec"
	input.command.kind in {"program", "function", "unknown"}
	not only_reads
}
