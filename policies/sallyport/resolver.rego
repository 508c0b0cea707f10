# METADATA
# title: How findings become one decision
# description: |
#   Authors write findings; this package, and nothing else, turns them into an effect.
#   Order of strength: deny, require_approval, mask, allow; nothing matched is a deny.
#   One more finding never loosens anything, but for `allow`. Colliding masks: the more private wins
#   (null, redact, tokenize, hash, partial). Colliding limits: the smaller. Several approvals in one: the groups
#   that may give all of them, the highest quorum, the shortest time; when no group may give all, it is a deny.
#   A finding that cannot be understood makes the decision undefined, and the gateway denies.
package sallyport.resolver

# METADATA
# description: |
#   The decision on one command. `approved` holds the ids of rules that an approval satisfied.
#   The id of the request comes back: an answer to another input, or to none, cannot pass for this one's.
resolve(request_id, approved, found) := {
	"v": 1,
	"request_id": request_id,
	"effect": effect(found, pending),
	"findings": found,
	"masks": masks(found.mask),
	"approval": approval(pending),
	"limits": limits(found.limit),
} if {
	pending := outstanding(found.approve, approved)
}

# METADATA
# description: The strongest effect that the findings ask for.
effect(found, pending) := "deny" if {
	count(found.deny) > 0
} else := "deny" if {
	count(found.allow) == 0
} else := "deny" if {
	conflicting(pending)
} else := "require_approval" if {
	count(pending) > 0
} else := "mask" if {
	count(found.mask) > 0
} else := "allow"

# METADATA
# description: Demands for approval that nobody has satisfied yet.
outstanding(approve, approved) := {rule | some rule in approve; not rule.id in approved}

# METADATA
# description: No one group may give all the approvals that are asked for.
conflicting(pending) if {
	count(pending) > 0
	count(shared_groups(pending)) == 0
}

# METADATA
# description: Groups whose members may give every one of these approvals.
shared_groups(pending) := intersection({{group | some group in rule.groups} | some rule in pending})

# METADATA
# description: The method for each label. One that is not known hides most.
masks(found) := {label: method |
	some label in {m.label | some m in found}
	wanted := {known(object.get(m, "method", "null")) | some m in found; m.label == label}
	method := [candidate | some candidate in most_private_first; candidate in wanted][0]
}

most_private_first := ["null", "redact", "tokenize", "hash", "partial"]

known(method) := method if {
	method in {"null", "redact", "tokenize", "hash", "partial"}
} else := "null"

# METADATA
# description: What to ask for, or null when nothing is.
approval(pending) := null if {
	count(pending) == 0
} else := {
	"rules": {rule.id | some rule in pending},
	"groups": shared_groups(pending),
	"quorum": max({object.get(rule, "quorum", 1) | some rule in pending}),
	"ttl_s": min({object.get(rule, "ttl_s", 900) | some rule in pending}),
	"scope": scope(pending),
}

# METADATA
# description: A grant for the whole session needs every rule's consent.
scope(pending) := "session" if {
	every rule in pending { rule.scope == "session" }
} else := "once"

# METADATA
# description: The smallest of each.
limits(found) := {dimension: smallest |
	some dimension in ["rows", "bytes", "input_bytes", "seconds", "unjudged_lines"]
	wanted := {limit[dimension] | some limit in found}
	count(wanted) > 0
	smallest := min(wanted)
}
