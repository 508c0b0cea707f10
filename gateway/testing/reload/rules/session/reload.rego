package rules.session

# METADATA
# title: Who has left gets no session
# custom: {id: RL-003}
deny contains {"id": "RL-003", "msg": "has left", "severity": "low"} if {
	"reload-leavers" in input.principal.groups
}
