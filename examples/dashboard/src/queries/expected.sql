-- What is expected of today's customers in the next 12 months, all together, and between what bounds, by the views' own model.
SELECT t.customers, t.expected_revenue, t.revenue_lower, t.revenue_upper, t.without_revenue
FROM :"schema".order_history AS h, :"schema".retention_options AS o,
     LATERAL expected_total(h.history, fit_purchases(repeat_buying(h.history, NULL::date), o.model), fit_spend(repeat_spend(h.history, NULL::date)), '1 year') AS t
