# The names that the install script gives away, as C: what it says of each of its
# types, functions and aggregates has the name, and of functions the types that
# tell them apart.
BEGIN {
	print "/* Made by make from sql/; change that, not this file. */"
	print "#include \"postgres.h\"\n"
	print "#include \"pg/extension_names.h\"\n"
	print "const RetentionName retention_names[] = {"
}

/^CREATE TYPE [a-z_]+ AS \(/ {
	print "\t{NAME_ROW, \"" $3 "\"},"
}

/^COMMENT ON (TYPE|FUNCTION|AGGREGATE) / {
	kind = $3 == "TYPE" ? "NAME_TYPE" : "NAME_FUNCTION"
	sub(/^COMMENT ON [A-Z]+ /, "")
	sub(/ IS.*/, "")
	gsub(/, /, ",")
	gsub(/VARIADIC |"|\*/, "")
	print "\t{" kind ", \"" $0 "\"},"
}

END {
	print "\t{NAME_TYPE, NULL}\n};"
}
