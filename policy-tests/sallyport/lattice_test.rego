# The published lattice, over every set of findings that can be made of these: one more finding joins its own decision to that of the
# others, so neither order nor grouping nor repetition matters, and nothing but `allow` loosens anything.
package policy_tests.lattice_test

import data.sallyport.resolver

a := {"id": "A", "msg": "yes"}

others := [
	["deny", {"id": "D", "msg": "no"}],
	["approve", {"id": "P1", "msg": "ask", "groups": ["g", "h"], "quorum": 2, "ttl_s": 60, "scope": "session"}],
	["approve", {"id": "P2", "msg": "ask", "groups": ["i"]}],
	["mask", {"id": "M1", "msg": "m", "label": "x", "method": "tokenize"}],
	["mask", {"id": "M2", "msg": "m", "label": "x", "method": "redact"}],
]

kinds := {"allow", "deny", "approve", "mask", "limit", "notify"}

# Subset n has the findings whose bit is set in n.
sets_of(n) := {kind: {f | some i, [k, f] in others; k == kind; bits.and(n, bits.lsh(1, i)) != 0} | some kind in kinds}

every_subset := numbers.range(0, bits.lsh(1, count(others)) - 1)

decided(n) := resolver.resolve("r", set(), object.union(sets_of(n), {"allow": {a}}))

by_subset := {n: decided(n) | some n in every_subset}

strength := {"allow": 0, "mask": 1, "require_approval": 2, "deny": 3}

most_private_first := ["null", "redact", "tokenize", "hash", "partial"]

test_nothing_runs_without_an_allow if {
	every n in every_subset {
		resolver.resolve("r", set(), sets_of(n)).effect == "deny"
	}
}

# One more finding: the decision is the join of that of the rest and that of the finding alone.
joins contains [n, i] if {
	some n in every_subset
	some i, _ in others
	[one, more] := [by_subset[n], by_subset[bits.lsh(1, i)]]
	both := by_subset[bits.or(n, bits.lsh(1, i))]
	both.effect == strongest(one.effect, more.effect, both.approval)
	both.masks == more_private(one.masks, more.masks)
	both.approval == stricter(one.approval, more.approval)
}

test_one_more_finding_joins if {
	count(joins) == count(every_subset) * count(others)
	{d.effect | some d in by_subset} == {"allow", "mask", "require_approval", "deny"}
}

# Two demands that no group may give together are stronger than each.
strongest(_, _, approval) := "deny" if nobody_may(approval)

strongest(x, y, approval) := effect if {
	not nobody_may(approval)
	some effect, rank in strength
	rank == max({strength[x], strength[y]})
}

nobody_may(approval) if {
	is_object(approval)
	count(approval.groups) == 0
}

more_private(x, y) := {label: method |
	some label in (object.keys(x) | object.keys(y))
	wanted := {m | m := x[label]} | {m | m := y[label]}
	method := [m | some m in most_private_first; m in wanted][0]
}

stricter(x, null) := x

stricter(null, y) := y if is_object(y)

stricter(x, y) := {
	"rules": (x.rules | y.rules),
	"groups": x.groups & y.groups,
	"quorum": max({x.quorum, y.quorum}),
	"ttl_s": min({x.ttl_s, y.ttl_s}),
	"scope": scope,
} if {
	scope := min({x.scope, y.scope}) # "once" comes before "session"
	is_object(x)
	is_object(y)
}
