# Expand the templates of the install script.
#
#   --@for NAME[,NAME...] in VALUE[,VALUE...] ...
#   ... @NAME@ ...
#   --@end
#
# repeats the lines between once for each word, with every @NAME@ replaced by
# the word's value; loops nest.  So each overload of an aggregate is written
# once, however many types it takes.
#
#   --@refusing anything
#   --@refusing numbers
#
# before a function makes more forms of it, which take what it doesn't and end in an
# error that says what to write (src/refuse/): of anything, one over "any", and
# one over text, for literals alone; of numbers, one that takes a number where an
# interval is due.
#
# In an upgrade script,
#
#   --@widen OLD SIGNATURE
#   CREATE FUNCTION ...
#
# makes what a function has in this version of the one that there was in the last:
# one with more arguments at the end of those it had, which have defaults, or more
# columns at the end of its rows.  PostgreSQL has no command for that, and to drop it
# would drop what people have built upon it; doc/internals.md says more.
#
# Every function says what a call costs, in calls of an operator (10 ns or so):
# the planner must know, or it asks a thousand stored values before a sort that
# keeps one of them.  No more than that: where a query's costs add up to
# jit_above_cost, it's compiled first, which takes longer than a few hundred calls
# of most of these.  What an aggregate calls for each of its groups or parts is
# cheap, whatever it does: it's done in every plan, and the number of groups is
# often a guess, so that its price would decide where groups are made (of foreign
# tables, on which server).  Most cost one of:

BEGIN {
	bind("SCALAR", 1)		# arithmetic on what lies in the row
	bind("SMALL", 10)		# of a value of a few hundred bytes, or of a few
	bind("HEADER", 20)		# the header of a stored value: more than 10, from which on it waits for a sort and a limit
	bind("WHOLE", 1000)		# all of a base, or of other counts of customers
	bind("HISTORY", 5000)	# all of a history
	bind("FIT", 20000)		# a model by likelihood
}

function bind(word, meaning)
{
	name[++bound] = word
	value[bound] = meaning
}

function expand(from, to,    i, depth, start, words, names, values, n, k, w, saved)
{
	for (i = from; i <= to; i++) {
		if (line[i] ~ /^--@refusing /) {
			i = refuse(i)
			continue
		}
		if (line[i] !~ /^--@for /) {
			emit(substitute(line[i]))
			continue
		}
		start = i
		for (depth = 1; depth > 0;) {
			if (++i > to) {
				print FILENAME ": --@for without --@end" > "/dev/stderr"
				exit 1
			}
			if (line[i] ~ /^--@for /) depth++
			if (line[i] ~ /^--@end/) depth--
		}
		n = split(line[start], words, " ")
		for (w = 4; w <= n; w++) {
			saved = bound
			k = split(words[2], names, ",")
			split(words[w], values, ",")
			for (; k > 0; k--)
				bind(names[k], values[k])
			expand(start + 1, i - 1)
			bound = saved
		}
	}
}

# Print the function that begins on the next line, and the forms of it that refuse;
# return the number of its last line.
function refuse(i,    what)
{
	what = line[i]
	sub(/^--@refusing /, "", what)
	i = read_function(i + 1)
	if (what == "numbers")
		print_refusing("_retention_no_span", 1)
	else {
		print_refusing("\"any\"", 0)
		print_refusing("text", 0)
	}
	return i
}

# A function's head, result, and arguments: argument[k], what is left of it without
# its type and default as called[k], and whether it has_default[k].  What is made of
# one that is widened is made anew; there were so many arguments.
function read_function(i,    text, k)
{
	were = 0
	for (text = "";; i++) {
		emit(substitute(line[i]))
		if (line[i] ~ /^--@widen /)
			were = gsub(/,/, ",", line[i]) + 1
		else
			text = text " " substitute(line[i])
		if (line[i] ~ /;$/)
			break
	}
	gsub(/[\t ]+/, " ", text)
	# commas stand between arguments, and not in the default of one
	while (match(text, /DEFAULT '[^']*,[^']*'/))
		text = substr(text, 1, RSTART - 1) "DEFAULT NULL" substr(text, RSTART + RLENGTH)
	sub(/ AS 'MODULE_PATHNAME'.*/, "", text)
	sub(/ LANGUAGE .*/, "", text)
	match(text, / ?\) RETURNS /)
	result = substr(text, RSTART + RLENGTH)
	text = substr(text, 1, RSTART - 1)
	match(text, /\( ?/)
	head = substr(text, 18, RSTART - 18)
	arguments = split(substr(text, RSTART + RLENGTH), argument, /, /)
	for (k = 1; k <= arguments; k++) {
		has_default[k] = argument[k] ~ / DEFAULT /
		called[k] = argument[k] ~ / / ? argument[k] : ""
		sub(/ .*/, " ", called[k])
	}
	return i
}

# A form over another type: in all places, or where an interval is due.  The first of
# these has no default, or the form would be as good as the function where it is left
# out, so that it comes before all that have one.
function print_refusing(type, of_intervals,    k, moved, one, first, last, types, outs)
{
	for (k = 1; k <= arguments && !moved; k++)
		if (of_intervals && argument[k] ~ /^[a-z_]+ interval/)
			moved = k
	for (k = 1; k <= arguments; k++) {
		if (argument[k] ~ /^OUT /)
			outs = outs ", " argument[k]
		else if (k == moved) {
			first = first ", " called[k] type
			types = types ", " type
		}
		else if (!has_default[k] && (of_intervals || k == 1)) {
			first = first ", " (of_intervals ? argument[k] : called[k] type)
			types = types ", " (of_intervals ? substr(argument[k], length(called[k]) + 1) : type)
		}
	}
	for (k = 1; k <= arguments; k++)
		if (argument[k] !~ /^OUT / && k != moved && (of_intervals ? has_default[k] : k > 1)) {
			one = !of_intervals || argument[k] ~ / interval DEFAULT/ ? type : second(argument[k])
			last = last ", " called[k] one " DEFAULT NULL"
			types = types ", " one
		}
	if (were)
		print "\nDROP FUNCTION " head "(" first_of(were, substr(types, 3)) ");"
	print "\nCREATE FUNCTION " head "(" substr(first last outs, 3) ") RETURNS " result
	print "\tAS 'MODULE_PATHNAME', 'retention_refuse_call' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1\n\tSUPPORT _retention_refuse_support;"
	print "COMMENT ON FUNCTION " head "(" substr(types, 3) ") IS"
	print "\t'an error that says what to write: it takes the arguments that no other form does';"
}

function first_of(n, list,    words, k, text)
{
	split(list, words, ", ")
	for (k = 1; k <= n; k++)
		text = text (k > 1 ? ", " : "") words[k]
	return text
}

function second(text,    words)
{
	split(text, words, " ")
	return words[2]
}

function substitute(text,    b)
{
	for (b = bound; b > 0; b--)
		gsub("@" name[b] "@", value[b], text)
	return text
}

function emit(text)
{
	if (text ~ /^--@widen /)
		widened = substr(text, 10)
	else if (!widened)
		print text
	else {
		statement = statement text "\n"
		if (text ~ /;$/) {
			widen()
			widened = statement = ""
		}
	}
}

# The row in pg_proc gets what CREATE OR REPLACE refuses to change, from a function
# that is made for that; then that does the rest.
function widen(    scratch)
{
	scratch = statement
	sub(/^CREATE FUNCTION [a-z_0-9]+/, "CREATE FUNCTION _retention_widened", scratch)
	printf "%s", scratch
	print "UPDATE pg_catalog.pg_proc AS old SET pronargs = new.pronargs, proargtypes = new.proargtypes, proallargtypes = new.proallargtypes,"
	print "\tproargmodes = new.proargmodes, proargnames = new.proargnames, pronargdefaults = 0, proargdefaults = NULL"
	print "FROM pg_catalog.pg_proc AS new"
	printf "WHERE old.oid OPERATOR(pg_catalog.=) '%s'::pg_catalog.regprocedure AND new.oid OPERATOR(pg_catalog.=) '_retention_widened'::pg_catalog.regproc;\n", widened
	print "DROP FUNCTION _retention_widened;"
	sub(/^CREATE FUNCTION/, "CREATE OR REPLACE FUNCTION", statement)
	printf "%s", statement
}

/LANGUAGE/ && !/COST/ {
	print FILENAME ":" FNR ": function without a COST" > "/dev/stderr"
	failed = 1
	exit 1
}

{ line[++lines] = $0 }

END { if (!failed) expand(1, lines) }
