package rules.session

deny contains {"id": "T-900", "msg": "has left"} if input.principal.id == "leaver"
