package rules.postgres

# METADATA
# title: A parameter that nobody may send
# description: For tests of what is allowed at Parse and denied at Execute.
# custom: {id: PG-900}
deny contains {"id": "PG-900", "msg": "a forbidden parameter", "severity": "low"} if {
	"forbidden" in input.command.params
}
