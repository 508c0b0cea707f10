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
	not object.get(change, "same", false)
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
# title: Under masks a statement that changes what names mean does nothing else
# description: |
#   SET search_path, and SELECT set_config('search_path', ...) of its own, are followed: the gateway asks what the path has become before it
#   reads the next statement. What the same statement calls or reads was looked up by the old path, or by the new, and nobody can say which.
# custom: {id: PG-023}
deny contains {
	"id": "PG-023",
	"msg": $"{input.command.kind} changes search_path and does more: which tables its names mean nobody can say, and some hold masked columns",
	"hint": "Send SET search_path, or SELECT set_config('search_path', ...), as a statement of its own.",
	"severity": "medium",
} if {
	some change in input.command.set
	change.name == "search_path"
	not path_alone
	under_masks
}

# METADATA
# description: SET, RESET, or a SELECT of set_config and nothing else.
path_alone if input.command.kind == "variable_set"

path_alone if {
	input.command.kind == "select"
	count(input.command.relations) == 0
	every f in input.command.functions { f.categories == ["set_config"] }
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
pinned_value(change, _) if {
	is_null(change.value)

	# A value that set_config computes is null as well.
	input.command.kind in {"variable_set", "discard"}
}

pinned_value(change, allowed) if {
	lower(trim(change.value, "' ")) in allowed
}
