-- From the table csv (line, c1, c2 ...), all text, its first line the header, to
-- the table orders that dev/demo.sql reads. psql's variables: file, separator,
-- encoding; customer, at, amount: the names of the columns, or empty. Sets
-- unreadable, the number of rows that are left out, and currency, where the name of
-- the amount's column ends with one.

\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned
SET timezone = 'UTC';

CREATE TEMP TABLE csv_column AS
SELECT key AS column, trim(both chr(65279) || ' ' from value) AS name,
	   regexp_replace(lower(value), '[^a-z0-9]', '', 'g') AS word,
	   regexp_replace(lower(regexp_replace(value, '\s*(\([^()]*\)|\[[^][]*\])\s*$', '')), '[^a-z0-9]', '', 'g') AS bare_word
FROM csv, jsonb_each_text(to_jsonb(csv) - 'line') WHERE line = 1;
DELETE FROM csv WHERE line = 1;

-- The column that was asked for, or the first of the usual names that is there; if
-- none is, the first that is there with a currency or a zone in brackets behind it.
CREATE FUNCTION pg_temp.pick(option text, asked text, usual text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	IF asked <> '' THEN
		SELECT c."column" INTO found FROM csv_column c
		WHERE lower(c.name) = lower(asked) ORDER BY c.name = asked DESC, c."column" LIMIT 1;
	ELSE
		SELECT c."column" INTO found FROM csv_column c
		WHERE c.word = ANY (usual) OR c.bare_word = ANY (usual)
		ORDER BY array_position(usual, c.word), array_position(usual, c.bare_word), substr(c."column", 2)::int LIMIT 1;
	END IF;
	IF found IS NULL THEN
		RAISE EXCEPTION '%', CASE WHEN asked <> '' THEN format('the file has no column "%s"', asked)
			ELSE format('none of the file''s columns has a usual name of the %s', CASE option WHEN 'at' THEN 'time' ELSE option END) END
			USING DETAIL = 'Its columns: ' || (SELECT string_agg(c.name, ', ' ORDER BY substr(c."column", 2)::int) FROM csv_column c),
				HINT = format('Name it with --%s COLUMN.', option);
	END IF;
	RETURN found;
END $$;

SELECT pg_temp.pick('customer', :'customer', '{customerid,customer,custid,cust,clientid,client,userid,user,memberid,
		member,buyerid,buyer,accountid,account,customeruniqueid,customeremail,email,emailaddress,customername}') AS customer_column,
	   pg_temp.pick('at', :'at', '{orderedat,orderdate,ordertime,orderts,ordertimestamp,orderdatetime,orderpurchasetimestamp,
		createdat,processedat,invoicedate,invoicets,purchasedate,purchasedat,purchasetime,transactiondate,transactionts,paidat,
		createddate,datecreated,timestamp,datetime,date,time,ts,day}') AS at_column,
	   pg_temp.pick('amount', :'amount', '{amount,orderamount,totalamount,ordertotal,total,totalprice,ordervalue,revenue,
		netrevenue,grandtotal,nettotal,netamount,sales,value,paymentvalue,dollarvalue,price,subtotal,turnover,sum}') AS amount_column
\gset

SELECT coalesce(substring(name FROM '[([](AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HUF|INR|JPY|MXN|NOK|NZD|PLN|RON|SEK|TRY|USD|ZAR)[])]$'), '') AS currency
FROM csv_column WHERE "column" = :'amount_column'
\gset

-- What programs write where there is nothing.
CREATE FUNCTION pg_temp.something(value text) RETURNS text LANGUAGE sql AS
$$ SELECT CASE WHEN lower(btrim(value)) NOT IN ('', 'null', '\n', 'na', 'n/a', 'nan', 'none') THEN btrim(value) END $$;

-- A semicolon between columns goes with a comma in numbers: 1.234,50.
CREATE FUNCTION pg_temp.to_amount(value text, separator text) RETURNS numeric LANGUAGE sql AS $$
SELECT CASE WHEN number ~ '^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]{1,3})?$' THEN number::numeric END
FROM lower(regexp_replace(value, '[\s$€£]', '', 'g')) AS bare,
	 LATERAL (SELECT CASE WHEN separator = ';' AND bare ~ '^[-+]?[0-9.]*,[0-9]*$' THEN replace(replace(bare, '.', ''), ',', '.')
		WHEN bare ~ '^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?$' THEN replace(bare, ',', '')
		ELSE bare END AS number) s
$$;

CREATE FUNCTION pg_temp.to_time(value text) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN value ~ '[0-9]' THEN value::timestamptz END;
EXCEPTION WHEN data_exception THEN
	RETURN NULL;
END $$;

CREATE TEMP TABLE csv_order AS
SELECT line, pg_temp.something(:"customer_column") AS customer, pg_temp.something(:"at_column") AS at,
	   pg_temp.something(:"amount_column") AS amount
FROM csv;

-- 13/1/2011 can only be a day and a month; where all are below 13, PostgreSQL's
-- own order holds, but 1.12.2011 is never written by those who begin with the month.
SELECT coalesce(bool_or(part[1]::int > 12) OR (bool_or(part[2] = '.') AND NOT bool_or(part[3]::int > 12)), false) AS day_first,
	   count(part) > 0 AS slashed
FROM (SELECT regexp_match(at, '^([0-9]{1,2})([/.-])([0-9]{1,2})[/.-][0-9]{2,4}') AS part FROM csv_order) s
\gset
\if :day_first
SET datestyle = 'ISO, DMY';
\endif

CREATE TEMP TABLE csv_read AS
SELECT line, customer, ordered_at, value AS amount,
	   CASE WHEN at IS NOT NULL AND ordered_at IS NULL THEN format('time "%s"', at)
			WHEN amount IS NOT NULL AND value IS NULL THEN format('amount "%s"', amount) END AS problem
FROM csv_order,
	 LATERAL (SELECT pg_temp.to_time(at) AS ordered_at, pg_temp.to_amount(amount, :'separator') AS value) s;

CREATE TABLE orders AS
SELECT customer AS customer_id, ordered_at, amount FROM csv_read WHERE problem IS NULL ORDER BY line;

CREATE FUNCTION pg_temp.rows(n int8) RETURNS text LANGUAGE sql AS
$$ SELECT to_char(n, 'FM999,999,999,999') || CASE n WHEN 1 THEN ' row' ELSE ' rows' END $$;

\echo
SELECT format('%s of %s', pg_temp.rows(count(*)), :'file') FROM orders;
SELECT format('    %-11s <- %s', target, name) FROM csv_column
JOIN (VALUES (1, 'customer_id', :'customer_column'), (2, 'ordered_at', :'at_column'), (3, 'amount', :'amount_column'))
	v (position, target, "column") USING ("column") ORDER BY position;
\if :slashed
\if :day_first
\echo '    dates are read as day/month/year'
\else
\echo '    dates are read as month/day/year'
\endif
\endif
SELECT '    letters are read as Latin-1: the file is not UTF-8' WHERE :'encoding' = 'LATIN1';
SELECT format('    %s left out: the time or the amount can''t be read%s', pg_temp.rows(count(*)),
		CASE WHEN count(*) > 3 THEN '; the first three:' ELSE ':' END)
FROM csv_read WHERE problem IS NOT NULL HAVING count(*) > 0;
SELECT format('        line %s: %s', line, problem) FROM csv_read WHERE problem IS NOT NULL ORDER BY line LIMIT 3;

-- Keys of which case is no part, such as e-mail addresses, make two customers of one.
SELECT format('    %s customers differ from another one in upper and lower case only, and are counted apart: "%s", "%s"%s',
		to_char(sum(spellings), 'FM999,999,999,999'), left((array_agg(one ORDER BY one))[1], 60),
		left((array_agg(other ORDER BY one))[1], 60), CASE WHEN sum(spellings) > 2 THEN ' ...' ELSE '' END)
FROM (SELECT count(DISTINCT customer_id) AS spellings, min(customer_id) AS one, max(customer_id) AS other
	  FROM orders GROUP BY lower(customer_id) HAVING min(customer_id) <> max(customer_id)) AS alike
HAVING count(*) > 0;

-- Nothing to show is an end with a reason.
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM orders) THEN
		RAISE EXCEPTION 'no order row could be read';
	END IF;
END $$;

SELECT count(*) AS unreadable FROM csv_read WHERE problem IS NOT NULL
\gset

DROP TABLE csv, csv_order, csv_read;
\pset tuples_only off
\pset format aligned
