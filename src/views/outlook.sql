--@view outlook
--@about What is expected of all known customers together in the 12 months from now, the day of the last order (kpi.last_order), and how sure that is: one row. It is the sum of what customers shows of each; those who are yet to come are not in it. With as_of it is as of that day, and with until_day, if an order came later; from_day changes nothing in it.
--@key customers
--@single
--@reads order_history
--@column customers: known customers with an order
--@column expected_purchases_12_months: days with an order that the model expects of them; NULL without customers
--@column expected_purchases_lower: what comes is at least that, with a probability of 97.5 %, if customers go on as they have: the parameters' errors and each customer's own scatter are in it. NULL if the model does not know its own errors, see message
--@column expected_purchases_upper: what comes is at most that, likewise
--@column expected_revenue_12_months: what they are expected to spend: expected orders x expected spend (gamma-gamma model, Fader & Hardie 2013), not discounted; NULL if it is known of nobody
--@column expected_revenue_lower: its lower bound, likewise; NULL also if the model of spend has no variance
--@column expected_revenue_upper: its upper bound
--@column expected_revenue_per_customer: expected_revenue_12_months / customers of whom it is known: what a customer is expected to spend, in the mean
--@column expected_revenue_per_customer_lower: its lower bound
--@column expected_revenue_per_customer_upper: its upper bound
--@column customers_without_revenue: customers of whom no spend is expected, as their repeat orders have no mean amount above 0: they are not in expected_revenue_12_months
--@column model: name of the model of repeat purchases (@model@, or which of them that has become)
--@column converged: whether both models were fitted to the end; do not believe the predictions unless it is true
--@column message: what the fits have to say of themselves, as that the orders do not show that anybody leaves; NULL: nothing
--@column updated_at: @updated_at@
WITH shop AS MATERIALIZED (
    SELECT history FROM @shop@
), model AS MATERIALIZED (
    SELECT @r@fit_purchases(@r@repeat_buying(history, @as_of@), @model@::text) AS purchases, @r@fit_spend(@r@repeat_spend(history, @as_of@)) AS spend
    FROM shop
), total AS MATERIALIZED (
    SELECT @r@expected_total(history, purchases, spend, interval '12 months', @as_of@, 0.95::float8) AS expected, @r@model_info(purchases) AS buying, @r@model_info(spend) AS spending
    FROM shop, model
)
SELECT coalesce((expected).customers, 0) AS customers,
       (expected).expected_purchases AS expected_purchases_12_months,
       (expected).purchases_lower AS expected_purchases_lower,
       (expected).purchases_upper AS expected_purchases_upper,
       (expected).expected_revenue::numeric(38, 4) AS expected_revenue_12_months,
       (expected).revenue_lower::numeric(38, 4) AS expected_revenue_lower,
       (expected).revenue_upper::numeric(38, 4) AS expected_revenue_upper,
       ((expected).expected_revenue / nullif((expected).customers - (expected).without_revenue, 0))::numeric(38, 4) AS expected_revenue_per_customer,
       ((expected).revenue_lower / nullif((expected).customers - (expected).without_revenue, 0))::numeric(38, 4) AS expected_revenue_per_customer_lower,
       ((expected).revenue_upper / nullif((expected).customers - (expected).without_revenue, 0))::numeric(38, 4) AS expected_revenue_per_customer_upper,
       coalesce((expected).without_revenue, 0) AS customers_without_revenue,
       (buying).model,
       (buying).converged AND (spending).converged IS NOT FALSE AS converged,
       nullif(concat_ws('; ', (buying).message, (spending).message), '') AS message,
       now() AS updated_at
FROM total
