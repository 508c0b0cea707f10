package rules.postgres

# METADATA
# title: No way out of the database
# description: Functions that reach the server's files, the network or other programs.
# custom: {id: PG-003}
deny contains {
	"id": "PG-003",
	"msg": $"function {f.schema}.{f.name} reaches outside the database ({category})",
	"hint": "Ask an administrator of the server itself.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	some f in input.command.functions
	some category in f.categories
	category in {"file", "network", "program"}
}

# METADATA
# title: No files and programs of the server
# custom: {id: PG-004}
deny contains {
	"id": "PG-004",
	"msg": $"{input.command.kind} reaches files or programs of the server",
	"hint": "Use COPY ... FROM STDIN or COPY ... TO STDOUT, which go over this connection.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	"program" in input.command.effects
}

# METADATA
# title: COPY goes over the connection
# custom: {id: PG-004}
deny contains {
	"id": "PG-004",
	"msg": $"copy {input.command.copy.direction} through a {input.command.copy.to} of the server",
	"hint": "Use COPY ... FROM STDIN or COPY ... TO STDOUT, which go over this connection.",
	"severity": "critical",
	"controls": ["SOC2:CC6.1"],
} if {
	input.command.copy.to != "client"
}

# METADATA
# title: No replication and no foreign servers
# description: What streams data to somewhere else, or brings code that can.
# custom: {id: PG-005}
deny contains {
	"id": "PG-005",
	"msg": $"{input.command.kind} opens a way for data past this gateway",
	"hint": "Ask an administrator of the server itself.",
	"severity": "high",
	"controls": ["SOC2:CC6.6"],
} if {
	not plain_kind
	input.command.kind in {
		"create_publication", "alter_publication", "create_subscription", "alter_subscription", "drop_subscription",
		"create_fdw", "alter_fdw", "create_foreign_server", "alter_foreign_server", "create_foreign_table",
		"import_foreign_schema", "create_user_mapping", "alter_user_mapping", "create_extension", "alter_extension_contents", "create_am", "alter_extension",
		"create_plang", "load", "alter_system",
	}
}

# METADATA
# title: No functions that control replication
# custom: {id: PG-005}
deny contains {
	"id": "PG-005",
	"msg": $"function {f.schema}.{f.name} controls replication",
	"hint": "Ask an administrator of the server itself.",
	"severity": "high",
	"controls": ["SOC2:CC6.6"],
} if {
	some f in input.command.functions
	"admin" in f.categories
	replicates(f.name)
}

replicates(name) if contains(name, "replication")

replicates(name) if startswith(name, "pg_logical_")

# METADATA
# title: Administration is for administrators
# custom: {id: PG-006}
deny contains {
	"id": "PG-006",
	"msg": $"function {f.schema}.{f.name} administers the server",
	"hint": "Ask a member of dba.",
	"severity": "high",
} if {
	some f in input.command.functions
	"admin" in f.categories
	not "dba" in input.principal.groups
}
