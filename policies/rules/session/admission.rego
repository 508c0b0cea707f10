# METADATA
# title: Rules for admission
# description: Who gets a session on a target, asked when one begins and again while it lasts.
# schemas:
#   - input: schema.session
package rules.session

# METADATA
# title: Members of a group that works with databases or hosts
# custom: {id: SE-500}
allow contains {"id": "SE-500", "msg": "may connect"} if {
	some group in ["readers", "support", "compliance", "developers", "dba", "operators"]
	group in input.principal.groups
}

# METADATA
# title: An agent acts for somebody
# description: In production every agent's session has a human or a service behind it, or is named by a group of its own.
# custom: {id: SE-001}
deny contains {
	"id": "SE-001",
	"msg": "an agent without a principal that it acts for",
	"hint": "Get the token by token exchange (RFC 8693), or add the agent to the group named agents.",
	"severity": "high",
} if {
	input.principal.kind == "agent"
	input.target.labels.env == "prod"
	count(input.principal.acts_for) == 0
	not "agents" in input.principal.groups
}
