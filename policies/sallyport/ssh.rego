# METADATA
# title: SSH decisions
# schemas:
#   - input: schema.ssh
package sallyport.ssh

import data.rules.ssh as rules
import data.sallyport.resolver

# METADATA
# title: What happens to one SSH request, or to one simple command of its line
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
