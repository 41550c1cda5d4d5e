-- What all of it answers.
SET search_path = public, metrics;
SET timezone = 'UTC';
SELECT jsonb_pretty(to_jsonb(k) - '{one_timers,updated_at}'::text[]) FROM shop.kpi k;
SELECT to_jsonb(k) - '{one_timers,updated_at}'::text[] FROM stored.kpi k;
SELECT to_jsonb(v) - 'updated_at' FROM shop.kpi_by_period v ORDER BY period_start;
SELECT to_jsonb(v) - 'updated_at' FROM stored.kpi_by_period v ORDER BY period_start;
SELECT to_jsonb(v) - 'updated_at' FROM shop.kpi_to_date v ORDER BY span;
SELECT to_jsonb(v) - 'updated_at' FROM stored.kpi_to_date v ORDER BY span;
SELECT to_jsonb(v) - 'updated_at' FROM shop.outlook v;
SELECT to_jsonb(v) - 'updated_at' FROM stored.outlook v;
SELECT to_jsonb(v) - 'updated_at' FROM shop.order_sequence v ORDER BY customer, order_number;
SELECT to_jsonb(v) - 'updated_at' FROM shop.customers v ORDER BY customer;
SELECT to_jsonb(v) - 'updated_at' FROM stored.customers v ORDER BY customer;
SELECT to_jsonb(v) - 'updated_at' FROM shop.cohort_retention v ORDER BY cohort, period_index;
SELECT to_jsonb(v) - 'updated_at' FROM stored.cohort_retention v ORDER BY cohort, period_index;
SELECT to_jsonb(v) - 'updated_at' FROM shop.lifecycle v ORDER BY period_start;
SELECT to_jsonb(v) - 'updated_at' FROM stored.lifecycle v ORDER BY period_start;
SELECT to_jsonb(v) - 'updated_at' FROM shop.order_ladder v ORDER BY 1;
SELECT to_jsonb(v) - 'updated_at' FROM stored.order_ladder v ORDER BY 1;
SELECT to_jsonb(v) - 'updated_at' FROM shop.repeat_within v ORDER BY days;
SELECT to_jsonb(v) - 'updated_at' FROM stored.revenue_concentration v ORDER BY 1;
SELECT to_jsonb(v) - 'updated_at' FROM shop.rfm_segments v ORDER BY 1;
SELECT to_jsonb(v) - 'updated_at' FROM stored.rfm_quintiles v ORDER BY 1;
SELECT to_jsonb(v) - 'updated_at' FROM shop.excluded_rows v ORDER BY 1;
SELECT * FROM kept ORDER BY month;
SELECT month FROM kept WHERE base = (SELECT base FROM kept ORDER BY month LIMIT 1) AND customers(base) > 0;
SELECT customers(union_of(base)), customers(rollup(base)), (history_info(rollup(history))).orders FROM kept;
SELECT * FROM facts ORDER BY customer_id;
SELECT * FROM fits, repeat_buying_info(buying), repeat_spend_info(spend);
SELECT * FROM fits, kaplan_meier(survival) ORDER BY 2, 3, 4;
SELECT * FROM models ORDER BY what;
SELECT what, p_alive(purchases, rfm), expected_purchases(purchases, rfm, '1 year'), predicted_clv(purchases, spend, rfm), survival_at(retention, 3), discounted_lifetime(retention, 2) FROM models, facts ORDER BY 1, customer_id;
SELECT (m ->> 'purchases')::purchase_model, (m ->> 'spend')::spend_model, (m ->> 'retention')::retention_model FROM as_json ORDER BY 1;
SELECT what, i.* FROM models, model_info(retention) i ORDER BY 1;
TABLE waiting;
SELECT column_name, md5(string_agg(value, ' ' ORDER BY value)) FROM (
	SELECT 'base', _retention_customer_base_send(base)::text FROM kept UNION ALL SELECT 'history', _retention_purchase_history_send(history)::text FROM kept UNION ALL SELECT 'timeline', _retention_timeline_send(timeline)::text FROM facts UNION ALL SELECT 'survival', _retention_survival_send(survival)::text FROM fits
	UNION ALL SELECT 'buying', _retention_repeat_buying_send(buying)::text FROM fits UNION ALL SELECT 'spend', _retention_repeat_spend_send(spend)::text FROM fits UNION ALL SELECT 'renewals', _retention_renewals_send(renewals)::text FROM waiting
	UNION ALL SELECT 'rfm', record_send(rfm)::text FROM facts UNION ALL SELECT 'purchases', _retention_purchase_model_send(purchases)::text FROM models
	UNION ALL SELECT 'spend', _retention_spend_model_send(spend)::text FROM models UNION ALL SELECT 'retention', _retention_retention_model_send(retention)::text FROM models) v (column_name, value) GROUP BY 1 ORDER BY 1;
SET search_path = lab, public, metrics;
SELECT to_jsonb(v) - 'updated_at' FROM by_kpi v;
SELECT to_jsonb(v) - 'updated_at' FROM beside v;
SELECT to_jsonb(v) - 'updated_at' FROM kept_again v ORDER BY customer;
SELECT * FROM of_data ORDER BY period_start;
SELECT * FROM cells ORDER BY cohort, period_index;
SELECT * FROM named ORDER BY first, came;
SELECT * FROM joined ORDER BY cohort;
SELECT * FROM in_list ORDER BY cohort, customer_value;
SELECT * FROM one_field ORDER BY 1;
SELECT * FROM whole_rows ORDER BY active, is_complete;
SELECT * FROM of_lists ORDER BY first, came;
SELECT atomic('2024-04-01'), looped();
SELECT * FROM later() ORDER BY 1, 2;
