# METADATA
# title: Decisions on the gateway's own API
# schemas:
#   - input: schema.admin
package sallyport.admin

import data.rules.admin as rules
import data.sallyport.resolver

# METADATA
# title: Whether a principal may make one call of the gateway's API
# entrypoint: true
decision := resolver.resolve(input.request_id, _approved, {
	"allow": {f | some f in rules.allow},
	"deny": {f | some f in rules.deny},
	"approve": {f | some f in rules.approve},
	"mask": {f | some f in rules.mask},
	"limit": {f | some f in rules.limit},
	"notify": {f | some f in rules.notify},
})

_approved := {id | some id in input.approval.rules}
