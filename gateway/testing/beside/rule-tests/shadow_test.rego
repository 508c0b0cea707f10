package policy_tests.shadow_test

import data.sallyport.postgres

test_who_is_in_the_shadow_does_not_read_orders if {
	d := postgres.decision with input as {
		"request_id": "r1",
		"principal": {"groups": ["readers", "shadowed"]},
		"command": {"action": "read", "effects": ["read"], "relations": [{"name": "orders"}]},
	}
	d.effect == "deny"
}
