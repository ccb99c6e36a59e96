-- Once per statement, with all the rows that it changed.
CREATE TRIGGER {trigger}
AFTER {operation} ON {table}
{transition}
FOR EACH STATEMENT EXECUTE FUNCTION {function}();
