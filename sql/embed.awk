# Make C of the templates of views: files of SQL, each with a head of lines
#
#   --@view NAME               of the view
#   --@about TEXT              its comment
#   --@key [COLUMN, ...]       what tells its rows apart, nothing if it has one row;
#                              without it the view is one that users replace
#   --@single                  it has one row, and its key tells nothing
#   --@reads VIEW[, VIEW]      others of these that it reads, if any: it comes
#                              behind those with no key
#   --@column NAME: TEXT       a column's comment
#
# and the query behind it.  There a function of ours that returns rows is asked for
# in a select list, and for its columns by their names: in FROM, PostgreSQL writes
# all columns of a function into the definition of a view that is restored, those of
# a later version too, and we would not know it for ours (see doc/internals.md).

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

function finish() {
	if (!view)
		return
	printf "static const ViewColumn columns_of_%s[] = {\n", view
	for (i = 1; i <= n; i++)
		printf "\t{%s, %s},\n", quote(column[i]), quote(text[i])
	printf "};\n\n"
	# what a tool that adds new rows to those it has takes them for the same by
	if (key && !single)
		about = about " Key: " key "."
	line = sprintf("\t{%s, %s, %s, %s,\n%s\t\t, columns_of_%s, lengthof(columns_of_%s)}",
		quote(view), quote(about), has_key ? quote(key) : "NULL", reads ? quote(reads) : "NULL", sql, view, view)
	if (key)
		template[++views] = line
	else
		first[++firsts] = line
	view = ""
}

BEGIN { print "/* Made by make from the files of SQL beside this one; change them, not this. */\n\n#include \"postgres.h\"\n\n#include \"views/views.h\"\n" }

FNR == 1 { finish(); about = key = reads = sql = ""; n = has_key = single = 0 }
/^--@view /   { view = $2; next }
/^--@about /  { about = substr($0, 10); next }
/^--@key/     { key = substr($0, 8); has_key = 1; next }
/^--@single/   { single = 1; next }
/^--@reads /  { reads = substr($0, 10); next }
/^--@column / { column[++n] = substr($2, 1, length($2) - 1); text[n] = substr($0, length($1 $2) + 3); next }
{ sql = sql "\t\t" quote($0 "\x01") "\n" }

END {
	finish()
	print "const ViewTemplate retention_view_templates[] = {"
	for (i = 1; i <= firsts + views; i++) {
		line = i <= firsts ? first[i] : template[i - firsts]
		gsub(/\x01/, "\\n", line)
		printf "%s%s\n", line, i < firsts + views ? "," : ""
	}
	print "};\n\nconst int retention_view_template_count = lengthof(retention_view_templates);"
}
