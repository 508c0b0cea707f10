# METADATA
# title: Rules for the gateway's own API
# description: Administrators pass through the same policy as everyone. `input.command.resource.owner` is whose hold or session it is.
# schemas:
#   - input: schema.admin
package rules.admin

# METADATA
# title: Approvers see and decide holds
# description: Whether this approver may decide this hold is the hold's own terms (groups, quorum), checked besides.
# custom: {id: AD-500}
allow contains {"id": "AD-500", "msg": "may decide approvals"} if {
	input.command.action in {"approvals.list", "approvals.show", "approvals.decide"}
	some group in ["approvers", "dba", "operators"]
	group in input.principal.groups
}

# METADATA
# title: Everyone sees what they wait for
# custom: {id: AD-501}
allow contains {"id": "AD-501", "msg": "may see their own"} if {
	input.command.action in {"approvals.show", "sessions.show"}
	owns
}

# METADATA
# title: Auditors read sessions and the log
# custom: {id: AD-502}
allow contains {"id": "AD-502", "msg": "may audit"} if {
	input.command.action in {
		"sessions.list", "sessions.show", "sessions.replay", "sessions.watch",
		"audit.query", "audit.verify", "approvals.list", "approvals.show", "policy.status", "policy.shadow",
	}
	"auditors" in input.principal.groups
}

# METADATA
# title: Administrators see what policy runs, and what its shadow would do
# custom: {id: AD-503}
allow contains {"id": "AD-503", "msg": "may see the policy's status"} if {
	input.command.action in {"policy.status", "policy.shadow"}
	some group in ["dba", "approvers"]
	group in input.principal.groups
}

# METADATA
# title: Everyone registers a key of their own, and takes it back, and gets one-time codes
# description: They log in over SSH as whoever has them made, and no longer than their token does.
# custom: {id: AD-504}
allow contains {"id": "AD-504", "msg": "may register a key of their own, and take it back"} if {
	input.command.action in {"ssh.keys.register", "ssh.keys.forget", "ssh.codes.issue"}
	owns
}

# METADATA
# title: Operators take back anybody's keys
# description: A laptop was lost, or somebody has left. Sessions that are open go on.
# custom: {id: AD-505}
allow contains {"id": "AD-505", "msg": "may take back anybody's keys"} if {
	input.command.action == "ssh.keys.forget"
	"operators" in input.principal.groups
}

# METADATA
# title: Operators and approvers end sessions, and everyone their own
# custom: {id: AD-506}
allow contains {"id": "AD-506", "msg": "may end a session"} if {
	input.command.action == "sessions.kill"
	may_end
}

may_end if owns

may_end if {
	some group in ["operators", "approvers", "dba"]
	group in input.principal.groups
	input.principal.kind == "human"
}

# METADATA
# title: Who ends sessions sees which are open
# custom: {id: AD-507}
allow contains {"id": "AD-507", "msg": "may see sessions"} if {
	input.command.action in {"sessions.list", "sessions.show"}
	some group in ["operators", "approvers", "dba"]
	group in input.principal.groups
	input.principal.kind == "human"
}

# METADATA
# title: Everyone sees the targets that admit them
# description: The list has what rules.session lets them have a session on, and no address.
# custom: {id: AD-508}
allow contains {"id": "AD-508", "msg": "may see the targets that admit them"} if {
	input.command.action == "targets.list"
	owns
}

# METADATA
# title: Who runs the gateway and its targets, and who audits it, sees all of them
# custom: {id: AD-509}
allow contains {"id": "AD-509", "msg": "may see all targets"} if {
	input.command.action == "targets.list"
	some group in ["operators", "dba", "auditors"]
	group in input.principal.groups
	input.principal.kind == "human"
}

# METADATA
# title: Nobody decides their own
# custom: {id: AD-001}
deny contains {
	"id": "AD-001",
	"msg": "nobody decides their own request",
	"hint": "Ask another member of the approving group.",
	"severity": "high",
	"controls": ["SOC2:CC6.3"],
} if {
	input.command.action == "approvals.decide"
	owns
}

# METADATA
# title: Nobody decides what was asked for them
# custom: {id: AD-001}
deny contains {
	"id": "AD-001",
	"msg": "nobody decides a request that was made for them",
	"hint": "Ask another member of the approving group.",
	"severity": "high",
	"controls": ["SOC2:CC6.3"],
} if {
	input.command.action == "approvals.decide"
	input.command.resource.owner in input.principal.acts_for
}

# METADATA
# title: Agents approve nothing
# custom: {id: AD-002}
deny contains {
	"id": "AD-002",
	"msg": "only a human decides an approval",
	"severity": "critical",
	"controls": ["SOC2:CC6.3"],
} if {
	input.command.action == "approvals.decide"
	input.principal.kind != "human"
}

owns if {
	input.command.resource.owner == input.principal.id
	input.principal.id != ""
}
