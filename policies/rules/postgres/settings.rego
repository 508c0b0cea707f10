package rules.postgres

# METADATA
# title: Settings that decide how text is read stay as they are
# description: |
#   The parser and the server must read the same text the same way. Setting one to the value it is pinned to is allowed:
#   drivers do that on connecting.
# custom: {id: PG-020}
deny contains {
	"id": "PG-020",
	"msg": $"setting {change.name} is pinned by the gateway",
	"hint": $"Leave it at {pinned[change.name][0]}.",
	"severity": "high",
} if {
	some change in input.command.set
	allowed := pinned[change.name]
	not pinned_value(change, allowed)
}

# METADATA
# title: No change of identity
# custom: {id: PG-021}
deny contains {
	"id": "PG-021",
	"msg": $"setting {change.name} would change whose privileges apply or what code runs",
	"hint": "Connect with the login that has the role you need.",
	"severity": "high",
} if {
	some change in input.command.set
	change.name in {
		"role", "session_authorization", "session_replication_role", "row_security", "dynamic_library_path",
		"session_preload_libraries", "local_preload_libraries", "shared_preload_libraries", "jit_provider",
		"extension_control_path", "archive_command", "allow_system_table_mods",
	}
}

# METADATA
# title: No setting by a name that is computed
# custom: {id: PG-022}
deny contains {
	"id": "PG-022",
	"msg": "the name of the setting is computed, so nobody can say which one changes",
	"hint": "Write the setting's name as a constant.",
	"severity": "high",
} if {
	some change in input.command.set
	change.name == "*"
	not resets_all
}

# METADATA
# title: No change of a setting that the parser did not see
# custom: {id: PG-022}
deny contains {
	"id": "PG-022",
	"msg": $"{f.schema}.{f.name} changes a setting that the parser did not see",
	"hint": "Use SET with the setting's name.",
	"severity": "high",
} if {
	count(input.command.set) == 0
	some f in input.command.functions
	"set_config" in f.categories
}

# METADATA
# title: Under masks names keep their meaning
# custom: {id: PG-023}
deny contains {
	"id": "PG-023",
	"msg": "search_path decides which tables a name means, and some of them hold masked columns",
	"hint": "Write the schema before the table's name, or have the login's own path set: ALTER ROLE ... SET search_path.",
	"severity": "medium",
} if {
	some change in input.command.set
	change.name == "search_path"
	under_masks
}

# METADATA
# description: |
#   RESET ALL and DISCARD ALL: every setting goes back to what the connection began with, and the gateway began with the pinned values.
resets_all if {
	input.command.kind in {"variable_set", "discard"}
	every change in input.command.set { is_null(change.value) }
	count(input.command.functions) == 0
}

# METADATA
# description: Pinned settings and the values that mean what they are pinned to; the first is how we write it.
pinned := {
	"standard_conforming_strings": ["on", "true", "yes", "1"],
	"client_encoding": ["utf8", "utf-8", "unicode"],
	"backslash_quote": ["safe_encoding"],
}

# METADATA
# description: Sets the value it has anyway. RESET and SET TO DEFAULT give it back the value it was pinned to.
pinned_value(change, _) if is_null(change.value)

pinned_value(change, allowed) if {
	lower(trim(change.value, "' ")) in allowed
}
