package rules.postgres

# METADATA
# title: Texts are searched for what no label covers
# custom: {id: PG-910}
mask contains {
	"id": "PG-910",
	"msg": $"texts are searched: {detector}",
	"label": $"detector:{detector}",
	"method": "redact",
} if {
	"searched" in input.principal.groups
	some detector in ["card", "email"]
}
