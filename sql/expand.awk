# Expand the templates of the install script.
#
#   --@for NAME[,NAME...] in VALUE[,VALUE...] ...
#   ... @NAME@ ...
#   --@end
#
# repeats the lines between once for each word, with every @NAME@ replaced by
# the word's value; loops nest.  So each overload of an aggregate is written
# once, however many types it takes.

function expand(from, to,    i, depth, start, words, names, values, n, k, w, saved)
{
	for (i = from; i <= to; i++) {
		if (line[i] !~ /^--@for /) {
			print substitute(line[i])
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
			for (; k > 0; k--) {
				name[++bound] = names[k]
				value[bound] = values[k]
			}
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

{ line[++lines] = $0 }

END { expand(1, lines) }
