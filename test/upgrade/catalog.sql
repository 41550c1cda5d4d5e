-- All that the catalogs say of the extension, but for the numbers of things; a line for each.
SET search_path = metrics;
CREATE TEMP VIEW members AS
SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND extname = 'retention' WHERE deptype = 'e';
SELECT line FROM (
	SELECT concat_ws(' ', 'extension', extname, extversion, extrelocatable, extnamespace::regnamespace, extconfig, extcondition) AS line FROM pg_extension WHERE extname = 'retention'
	UNION ALL
	SELECT concat_ws(' ', 'member', pg_describe_object(classid, objid, 0), 'comment:', obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid))) FROM members
	UNION ALL
	SELECT concat_ws(' ', 'depends', pg_describe_object(d.classid, d.objid, d.objsubid), 'on', pg_describe_object(refclassid, refobjid, refobjsubid), deptype) FROM pg_depend d JOIN members USING (classid, objid)
	UNION ALL
	SELECT concat_ws(' ', 'function', p.oid::regprocedure, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), prokind, provolatile, proparallel, proisstrict, prosecdef, proleakproof, proretset,
		procost, prorows, provariadic, prosupport, pronargs, pronargdefaults, proargtypes::regtype[], prorettype::regtype, proargmodes, proargnames, pg_get_expr(proargdefaults, 0), proconfig, proowner = 10, (SELECT lanname FROM pg_language l WHERE l.oid = prolang),
		prosrc, probin, (SELECT array_agg(t::regtype) FROM unnest(proallargtypes) t))
	FROM pg_proc p JOIN members ON classid = 'pg_proc'::regclass AND objid = p.oid
	UNION ALL
	SELECT concat_ws(' ', 'aggregate', a.*) FROM (SELECT aggfnoid::regprocedure, aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn,
		aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace, aggmtranstype::regtype, aggmtransspace, agginitval, aggminitval
		FROM pg_aggregate JOIN members ON classid = 'pg_proc'::regclass AND objid = aggfnoid) a
	UNION ALL
	SELECT concat_ws(' ', 'type', t.oid::regtype, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, typelem::regtype, typinput, typoutput, typreceive, typsend, typmodin, typalign, typstorage, typacl,
		(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), 'comment:', col_description(attrelid, attnum)), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = typrelid AND attnum > 0))
	FROM pg_type t JOIN members ON classid = 'pg_type'::regclass AND objid = t.oid
	UNION ALL
	SELECT concat_ws(' ', 'operator', o.oid::regoperator, oprkind, oprcanmerge, oprcanhash, oprresult::regtype, oprcom::regoperator, oprnegate::regoperator, oprcode, oprrest, oprjoin)
	FROM pg_operator o JOIN members ON classid = 'pg_operator'::regclass AND objid = o.oid
	UNION ALL
	SELECT concat_ws(' ', 'cast', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod) FROM pg_cast c JOIN members ON classid = 'pg_cast'::regclass AND objid = c.oid
	UNION ALL
	SELECT concat_ws(' ', 'class', opcname, opcintype::regtype, opckeytype::regtype, opcdefault) FROM pg_opclass c JOIN members ON classid = 'pg_opclass'::regclass AND objid = c.oid
	UNION ALL
	SELECT concat_ws(' ', 'of a family', opfname, amopstrategy, amopopr::regoperator) FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily JOIN members ON classid = 'pg_opfamily'::regclass AND objid = f.oid
	UNION ALL
	SELECT concat_ws(' ', 'of a family', opfname, amprocnum, amproc) FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily JOIN members ON classid = 'pg_opfamily'::regclass AND objid = f.oid
	UNION ALL
	SELECT concat_ws(' ', 'initial privileges', pg_describe_object(i.classoid, i.objoid, i.objsubid), initprivs) FROM pg_init_privs i JOIN members ON classoid = classid AND objoid = objid
) AS s ORDER BY line COLLATE "C";
