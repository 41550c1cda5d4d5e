-- How the views were made, which the page's words depend on.
SELECT period, lifespan, margin, time_zone FROM :"schema".retention_options
