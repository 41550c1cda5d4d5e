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
