# Make C of the templates of views: files of SQL, each with a head of lines
#
#   --@view NAME               of the view
#   --@about TEXT              its comment
#   --@key [COLUMN, ...]       what tells its rows apart, nothing if it has one row;
#                              without it the view is one that users replace
#   --@single                  it has one row, and its key tells nothing
#   --@never_kept              it's a plain view in each mode
#   --@index EXPRESSION        where its rows are kept, there is an index of this, too, if it
#                              is more than a column
#   --@reads VIEW[, VIEW]      others of these that it reads, if any: it comes
#                              behind those with no key
#   --@of_segments             it is there where segments are given
#   --@segment_columns         it has a column for each segment, behind the others
#   --@by_segment NAME: TEXT   there is a second view of the same query, of each part of the
#                              shop by itself, and this is its comment
#   --@column NAME: TEXT       a column's comment
#
# and the query behind it.  What reads one history reads it from @shop@, which is that of
# the whole or of a part.  Behind a line
#
#   --@kept VIEW
#
# there may be another one for where rows are kept: the view then keeps none itself, but reads
# those of that one.  Behind a line --@live there may be one for where views are live.  In all of them a function of ours that returns rows is asked for
# in a select list, and for its columns by their names: in FROM, PostgreSQL writes
# all columns of a function into the definition of a view that is restored, those of
# a later version too, and we would not know it for ours (see doc/internals.md).

function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

# One view; what a tool that adds new rows to those it has takes them for the same by stands in its comment
function add(view, about, key, has_key, single, reads, of_segments, each,    i, line) {
	printf "static const ViewColumn columns_of_%s[] = {\n", view
	if (each)
		printf "\t{\"segment\", %s},\n\t{\"value\", %s},\n", quote(about_segment), quote(about_value)
	for (i = 1; i <= n; i++)
		printf "\t{%s, %s},\n", quote(column[i]), quote(text[i])
	printf "};\n\n"
	if (key && !single)
		about = about " Key: " key "."
	line = sprintf("\t{%s, %s, %s, %s,\n%s\t\t,\n%s\t\t, columns_of_%s, lengthof(columns_of_%s), %s, %s, %s, %s, %s, %s,\n%s}",
		quote(view), quote(about), has_key ? quote(key) : "NULL", reads ? quote(reads) : "NULL", sql, live ? live : "\t\tNULL\n", view, view,
		of_segments ? "true" : "false", each ? "true" : "false", never_kept ? "true" : "false", segment_columns ? "true" : "false",
		own_index ? quote(own_index) : "NULL", over ? quote(over) : "NULL", over ? kept : "\t\tNULL")
	if (each)
		part[++parts] = line
	else if (over)
		behind[over] = line
	else if (key) {
		template[++views] = line
		name[views] = view
	}
	else
		first[++firsts] = line
}

function finish() {
	if (!view)
		return
	add(view, about, key, has_key, single, reads, of_segments, 0)
	if (by_segment) {
		gsub(/order_history/, "segment_history", reads)
		add(by_segment, about_parts " " about_all_parts, "segment, value" (single ? "" : ", " key), 1, 0, reads, 1, 1)
	}
	view = ""
}

BEGIN {
	about_segment = "the name of the segment, as the views were made with it: a column of order_rows"
	about_value = "the value of the part's orders, as a text; NULL is a part of its own"
	about_all_parts = "Parts are of the order: a customer who has ordered in several is in each of these, so that customers do not add up over the values of a segment, as orders and money do. Who is new, when their first order was, and when it is now, the whole shop says. Days that are reported are as in the view of the whole."
	print "/* Made by make from the files of SQL beside this one; change them, not this. */\n\n#include \"postgres.h\"\n\n#include \"views/views.h\"\n"
}

FNR == 1 { finish(); about = key = reads = sql = live = by_segment = own_index = over = kept = ""; n = has_key = single = is_live = of_segments = never_kept = segment_columns = 0 }
/^--@view /   { view = $2; next }
/^--@about /  { about = substr($0, 10); next }
/^--@key/     { key = substr($0, 8); has_key = 1; next }
/^--@single/   { single = 1; next }
/^--@of_segments/ { of_segments = 1; next }
/^--@segment_columns/ { segment_columns = 1; next }
/^--@by_segment / { by_segment = substr($2, 1, length($2) - 1); about_parts = substr($0, length($1 $2) + 3); next }
/^--@never_kept/ { never_kept = 1; next }
/^--@live/     { is_live = 1; next }
/^--@index /  { own_index = $2; next }
/^--@kept /   { over = $2; next }
/^--@reads /  { reads = substr($0, 10); next }
/^--@column / { column[++n] = substr($2, 1, length($2) - 1); text[n] = substr($0, length($1 $2) + 3); next }
over { kept = kept "\t\t" quote($0 "\x01") "\n"; next }
is_live { live = live "\t\t" quote($0 "\x01") "\n"; next }
{ sql = sql "\t\t" quote($0 "\x01") "\n" }

function print_template(line) {
	gsub(/\x01/, "\\n", line)
	print line ","
}

END {
	finish()
	print "const ViewTemplate retention_view_templates[] = {"
	for (i = 1; i <= firsts; i++)
		print_template(first[i])
	for (i = 1; i <= views; i++) {
		print_template(template[i])
		if (name[i] in behind)
			print_template(behind[name[i]])
	}
	for (i = 1; i <= parts; i++)
		print_template(part[i])
	print "};\n\nconst int retention_view_template_count = lengthof(retention_view_templates);"
}
