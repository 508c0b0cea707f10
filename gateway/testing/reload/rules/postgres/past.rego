package rules.postgres

# METADATA
# title: The second bundle looks at everything that changes from one command to the next
# custom: {id: PT-001}
limit contains {"id": "PT-001", "msg": "at most 500 rows after three commands", "rows": 500} if {
	input.session.commands >= 3
	input.session.rows_returned >= 0
	input.now.minute_of_day >= 0
}

# METADATA
# title: Words that nobody may say
# custom: {id: PT-002}
deny contains {"id": "PT-002", "msg": "forbidden word", "severity": "low"} if {
	contains(input.command.text, "forbidden")
}

# METADATA
# title: Numbers that nobody may bind
# custom: {id: PT-003}
deny contains {"id": "PT-003", "msg": "forbidden number", "severity": "low"} if {
	"666" in input.command.params
}
