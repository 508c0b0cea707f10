# METADATA
# title: Admission decisions
# schemas:
#   - input: schema.session
package sallyport.session

import data.rules.session as rules
import data.sallyport.resolver

# METADATA
# title: Whether a principal gets a session on a target
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
