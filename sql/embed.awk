# Make C of the templates of views: files of SQL, each with a head of lines
#
#   --@view NAME               of the view
#   --@about TEXT              its comment
#   --@key COLUMN[, COLUMN]    what tells its rows apart
#   --@reads VIEW              another one of ours that it reads, if any
#   --@column NAME: TEXT       a column's comment
#
# and the query behind it.

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
	template[++views] = sprintf("\t{%s, %s, %s, %s,\n%s\t\t, columns_of_%s, lengthof(columns_of_%s)}",
		quote(view), quote(about), quote(key), reads ? quote(reads) : "NULL", sql, view, view)
	view = ""
}

BEGIN { print "/* Made by make from the files of SQL beside this one; change them, not this. */\n\n#include \"postgres.h\"\n\n#include \"views/views.h\"\n" }

FNR == 1 { finish(); about = key = reads = sql = ""; n = 0 }
/^--@view /   { view = $2; next }
/^--@about /  { about = substr($0, 10); next }
/^--@key /    { key = substr($0, 8); next }
/^--@reads /  { reads = $2; next }
/^--@column / { column[++n] = substr($2, 1, length($2) - 1); text[n] = substr($0, length($1 $2) + 3); next }
{ sql = sql "\t\t" quote($0 "\x01") "\n" }

END {
	finish()
	print "const ViewTemplate retention_view_templates[] = {"
	for (i = 1; i <= views; i++) {
		gsub(/\x01/, "\\n", template[i])
		printf "%s%s\n", template[i], i < views ? "," : ""
	}
	print "};\n\nconst int retention_view_template_count = lengthof(retention_view_templates);"
}
