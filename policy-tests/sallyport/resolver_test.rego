package policy_tests.resolver_test

import data.sallyport.resolver

nothing := {"allow": set(), "deny": set(), "approve": set(), "mask": set(), "limit": set(), "notify": set()}

a := {"id": "A", "msg": "yes"}

d := {"id": "D", "msg": "no"}

p(id, groups) := {"id": id, "msg": "ask", "groups": groups}

m(label, method) := {"id": "M", "msg": "masked", "label": label, "method": method}

decided(found) := resolver.resolve("r", set(), object.union(nothing, found))

test_nothing_matched_is_a_deny if decided({}).effect == "deny"

test_allow if decided({"allow": {a}}).effect == "allow"

test_deny_is_strongest if {
	decided({"allow": {a}, "deny": {d}, "approve": {p("P", ["g"])}, "mask": {m("x", "hash")}}).effect == "deny"
}

test_approval_is_stronger_than_mask if {
	decided({"allow": {a}, "approve": {p("P", ["g"])}, "mask": {m("x", "hash")}}).effect == "require_approval"
}

test_mask_is_stronger_than_allow if decided({"allow": {a}, "mask": {m("x", "hash")}}).effect == "mask"

test_the_more_private_mask_wins[note] if {
	order := ["null", "redact", "tokenize", "hash", "partial"]
	some i, strong in order
	some j, weak in order
	i <= j
	note := $"{strong} over {weak}"
	decided({"allow": {a}, "mask": {m("x", strong), m("x", weak)}}).masks == {"x": strong}
}

test_a_method_that_is_not_known_hides_all if {
	decided({"allow": {a}, "mask": {m("x", "blur"), m("x", "partial")}}).masks == {"x": "null"}
}

test_a_mask_without_method_hides_all if {
	decided({"allow": {a}, "mask": {{"id": "M", "msg": "", "label": "x"}}}).masks == {"x": "null"}
}

test_approval_terms_are_the_strictest if {
	one := object.union(p("P1", ["g", "h"]), {"quorum": 2, "ttl_s": 60, "scope": "session"})
	two := object.union(p("P2", ["h", "i"]), {"quorum": 1, "ttl_s": 600, "scope": "once"})
	decided({"allow": {a}, "approve": {one, two}}).approval == {
		"rules": {"P1", "P2"},
		"groups": {"h"},
		"quorum": 2,
		"ttl_s": 60,
		"scope": "once",
	}
}

test_approvals_that_no_group_may_all_give_are_a_deny if {
	decided({"allow": {a}, "approve": {p("P1", ["g"]), p("P2", ["h"])}}).effect == "deny"
}

test_an_approval_that_nobody_may_give_is_a_deny if {
	decided({"allow": {a}, "approve": {p("P", [])}}).effect == "deny"
	decided({"allow": {a}, "approve": {{"id": "P", "msg": ""}}}).effect == "deny"
}

test_the_smallest_limit_wins if {
	decided({"allow": {a}, "limit": {{"id": "L1", "msg": "", "rows": 10}, {"id": "L2", "msg": "", "rows": 5, "bytes": 7}}}).limits == {"rows": 5, "bytes": 7}
}
