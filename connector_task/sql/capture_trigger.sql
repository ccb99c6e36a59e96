-- Once per statement, with all the rows that it changed.
CREATE TRIGGER {trigger}
AFTER {operation} ON {table}
REFERENCING {changed} TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION {function}();
