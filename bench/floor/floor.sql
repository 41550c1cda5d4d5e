-- The do-nothing aggregates, over the library whose path is :floor.


SELECT format($$
	CREATE OR REPLACE FUNCTION bench.floor_transition(text, %1$s) RETURNS text
	AS %2$L, 'floor_transition' LANGUAGE C PARALLEL SAFE;
	CREATE OR REPLACE AGGREGATE bench.floor(%1$s)
	(sfunc = bench.floor_transition, stype = text) $$, arguments, :'floor')
FROM unnest(ARRAY['int8', 'uuid', 'text']) key,
	 unnest(ARRAY[key, key || ', timestamptz, numeric']) arguments
\gexec
