-- Operators take merchants away from partners, and end partners.
grant delete on polygate.partner_merchant to polygate_app;
